/** What the options of the package may be. */
import { FLAG, FUNCTION, RECORD, SIGNAL, idOf, type Shape, type Shapes } from './arguments.js';
import type { CallOptions, ChosenDevices, ConnectOptions, DialOptions, PreflightOptions, VideoOptions } from './types.js';

const numberFrom = (least: number, most: number) => (value: unknown) => typeof value === 'number' && value >= least && value <= most;

/** The range that Opus has (RFC 7587, section 6.1). */
const [LEAST_AUDIO, MOST_AUDIO] = [6_000, 510_000];
const MOST_VIDEO = 0xffff_ffff;

const DEVICE: Shape = ['an id that devices() lists, or null for the default one', (value) => typeof value === 'string' && value !== ''];

/** Asks the browser, which knows what a configuration may hold (W3C webrtc, section 4.4.1.1); where there is none, nobody can tell. */
function isConfiguration(value: unknown): boolean {
  if (!RECORD[1](value)) return false;
  if ('RTCPeerConnection' in globalThis) new RTCPeerConnection(value as RTCConfiguration).close();
  return true;
}

/** Those of a manager. */
export const CALL_OPTIONS: Shapes<CallOptions> = {
  audioElement: ['an <audio> element', (value) => value instanceof HTMLAudioElement],
  microphone: RECORD,
  camera: RECORD,
  audioBitrate: [`a number of bits per second from ${LEAST_AUDIO} to ${MOST_AUDIO}`, numberFrom(LEAST_AUDIO, MOST_AUDIO)],
  videoBitrate: ['a number of bits per second of at least 1', numberFrom(1, MOST_VIDEO)],
  localStream: ['a MediaStream or a function that returns one', (value) => typeof value === 'function' || value instanceof MediaStream],
  userId: idOf(128),
  fastSetup: FLAG,
  preconnect: ["true, false or 'relay'", (value) => typeof value === 'boolean' || value === 'relay'],
  resume: FLAG,
  rtcConfiguration: ['an RTCConfiguration that the browser takes', isConfiguration],
};

/** Those of `connect()`. */
export const CONNECT_OPTIONS: Shapes<ConnectOptions> = {
  ...CALL_OPTIONS,
  token: ['a text, or a function that returns one', (value) => typeof value === 'string' || typeof value === 'function'],
  deviceId: idOf(64),
  io: FUNCTION,
  socket: RECORD,
  signal: SIGNAL,
};

/** Those of a call that is placed. */
export const DIAL_OPTIONS: Shapes<DialOptions> = {
  callType: ["'voice' or 'video'", (value) => value === 'voice' || value === 'video'],
  video: FLAG,
};

/** Those of a call that is entered. */
export const VIDEO_OPTIONS: Shapes<VideoOptions> = { video: FLAG };

/** The devices that can be chosen. */
export const DEVICES: Shapes<ChosenDevices> = { microphone: DEVICE, camera: DEVICE, speaker: DEVICE };

export const PREFLIGHT_OPTIONS: Shapes<PreflightOptions> = { microphone: FLAG, camera: FLAG, signal: SIGNAL, onProgress: FUNCTION };
