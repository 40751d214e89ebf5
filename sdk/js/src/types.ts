/** What an application sees of Ringback: states, events, options. Wire types are in `protocol.ts`. */

import type { CallStatus, CallType, ErrorCode, ParticipantStatus, VideoState } from './protocol.js';

/**
 * Where the current call stands on this device.
 *
 * - `idle`: no call yet.
 * - `outgoing`: this device calls; nobody has answered.
 * - `incoming`: this device rings.
 * - `connecting`: answered; media is on its way.
 * - `connected`: at least one other participant can be heard.
 * - `reconnecting`: every media path was lost and is being mended.
 * - `ended`: the last call is over; `reason` says why. A new call may start.
 */
export type CallState =
  | 'idle' | 'outgoing' | 'incoming' | 'connecting' | 'connected' | 'reconnecting' | 'ended';

/** Where the media path to one participant stands. */
export type LinkState = 'new' | 'connecting' | 'connected' | 'reconnecting' | 'failed';

/** How good the connection to one participant is. */
export type QualityGrade = 'excellent' | 'good' | 'poor' | 'lost';

/** A person in a call. */
export interface CallUser { id: string; name: string; avatar: string | null }

/** A participant of the current call; oneself is not among them. */
export interface Participant extends CallUser {
  status: ParticipantStatus;
  muted: boolean;
  /** The picture that they send. */
  video: VideoState;
  /** Whether they send a picture. */
  videoEnabled: boolean;
  link: LinkState;
  quality: QualityGrade | null;
}

/** The current call, as a value that does not change: read it again after a `state` event. */
export interface Call {
  /** Null until the server has named the call. */
  sessionId: string | null;
  /** Empty while a call is being joined, until the server has answered. */
  chatId: string;
  callType: CallType;
  direction: 'incoming' | 'outgoing';
  state: CallState;
  /** Whether the microphone is muted; with push-to-talk, whether it stays so while the key is pressed. */
  muted: boolean;
  /** The picture that this side sends. */
  video: VideoState;
  /** Whether the microphone is open only while a key is pressed. */
  pushToTalk: boolean;
  participants: Participant[];
  /** When it was answered, by this machine's clock (`Date.now()`), or null. */
  startedAt: number | null;
  /** Why it ended, once it has. */
  reason: string | null;
}

export interface IncomingCall {
  sessionId: string;
  chatId: string;
  callType: CallType;
  caller: CallUser;
  /** Everyone who is called, when the server says. */
  targetUserIds: string[];
}

/** A call of this user that rings or goes on, on whichever device. */
export interface LiveCall {
  sessionId: string;
  chatId: string;
  callType: CallType;
  status: CallStatus;
  /** When it was answered, by this machine's clock (`Date.now()`), or null. */
  startedAt: number | null;
  /** Everyone who was called or is in it, this user included; `deviceId` is the device that is in it. */
  participants: (CallUser & { status: ParticipantStatus; deviceId: string | null })[];
  /** Whether it is this tab that is in it. */
  here: boolean;
}

/** A device of this machine. */
export interface DeviceInfo { id: string; label: string; kind: 'microphone' | 'camera' | 'speaker' }

/** The devices of this machine, and which of them were chosen; null is the browser's default one. */
export interface DeviceList {
  microphones: DeviceInfo[];
  cameras: DeviceInfo[];
  speakers: DeviceInfo[];
  selected: { microphone: string | null; camera: string | null; speaker: string | null };
}

/** One second of one link, from `getStats` (W3C webrtc-stats). */
export interface LinkQuality {
  userId: string;
  grade: QualityGrade;
  /** Mean opinion score from 1 to 4.5, an estimate by the E-model (ITU-T G.107). */
  mos: number;
  /** Received, in bits per second. */
  bitrate: number;
  /** Received packets lost, in percent. */
  packetLoss: number;
  /** Interarrival jitter, in milliseconds. */
  jitter: number;
  /** In milliseconds, or null before the first measurement. */
  roundTripTime: number | null;
  /** `host`, `srflx`, `prflx` or `relay`, of the local candidate in use; null before one is. */
  candidateType: string | null;
  /** Level of the received audio, 0 to 1. */
  audioLevel: number;
}

/** The events of {@link VoiceCallManager}: the wire's `call:incoming` is `incoming`, and so on. */
export interface CallEvents {
  /** A call rings on this device. Not for a call that this user placed. */
  incoming: IncomingCall;
  /** At least one device of these targets rings. */
  ringing: { sessionId: string; chatId: string; targetUserIds: string[] };
  /** A target of one's own call answered. */
  accepted: { sessionId: string; chatId: string; acceptedBy: string };
  /** A target of one's own call rejected it or was busy. */
  rejected: { sessionId: string; chatId: string; rejectedBy: string; reason: string };
  /** Nobody answered in time; for caller and targets. `ended` follows. */
  missed: { sessionId: string; chatId: string; callerId: string };
  /** Another device of this user answered or rejected; `ended` with the reason `answered-elsewhere` or `rejected-elsewhere` follows. */
  answeredElsewhere: { sessionId: string; chatId: string; action: 'accepted' | 'rejected' };
  /** The call is over on this device. Fires once for each call that rang here or was placed here, last of all its events. */
  ended: { sessionId: string | null; chatId: string; endedBy: string | null; reason: string; durationMs: number };
  participantJoined: { sessionId: string; userId: string };
  participantLeft: { sessionId: string; userId: string; reason: string };
  participantReconnecting: { sessionId: string; userId: string };
  participantReconnected: { sessionId: string; userId: string };
  participantAudioToggle: { sessionId: string; userId: string; muted: boolean };
  participantVideoToggle: { sessionId: string; userId: string; enabled: boolean };
  /** Something in `call` changed: its state, a participant, one's own mute. */
  state: { state: CallState; previous: CallState; call: Call | null };
  /** This device and one other cannot hear each other. The call goes on; the path is tried again while both are in it. */
  linkFailed: { userId: string; name: string; retrying: boolean; message: string };
  /** They hear each other again. */
  linkRecovered: { userId: string };
  /** After a reload, this page took up the call that it was in. */
  resumed: { sessionId: string };
  /** A participant's stream arrived, or its tracks changed. Its audio already plays; show its video in a muted `<video>`. */
  remoteStream: { userId: string; stream: MediaStream };
  /** The picture that is sent changed. */
  localVideo: { stream: MediaStream | null; source: VideoState };
  /** Devices came, went or were chosen. */
  devices: DeviceList;
  /**
   * Another microphone or camera is in use than before: `chosen` by the application, the default one
   * as a `fallback` for one that is gone, the one that had stopped `reacquired`, or `lost` and
   * looked for, or taken by the system for a while. `id` is null for the default one.
   */
  deviceChanged: { kind: 'microphone' | 'camera'; id: string | null; label: string; reason: 'chosen' | 'fallback' | 'reacquired' | 'lost' };
  /** How loud everyone else is, 0 to 1; five times a second while connected. */
  levels: { levels: { userId: string; level: number }[] };
  /** Somebody else speaks, or nobody any more (null). */
  activeSpeaker: { userId: string | null };
  /** The browser does not play sound before a click: call `resumeAudio()` from one. */
  audioBlocked: { userId: string };
  /** Every second while connected. */
  quality: LinkQuality;
  /** The signaling socket came or went. Media goes on without it. */
  signaling: { connected: boolean };
  /** A failure that belongs to no promise. */
  error: import('./error.js').CallError;
}

/** What `preflight()` tests, in this order. */
export type PreflightStepName = 'browser' | 'microphone' | 'camera' | 'signaling' | 'stun' | 'turn';

/** One step of `preflight()`. */
export interface PreflightStep {
  name: PreflightStepName;
  /** `warn`: calls work, with limits. `skipped`: not asked for, or nothing to test. */
  status: 'ok' | 'warn' | 'fail' | 'skipped';
  /** Stable, unless all is well: a {@link CallErrorCode}, or one of preflight's own. */
  code?: string;
  /** For a person: what was found, and what to do about it. */
  message: string;
  durationMs: number;
  /** Microphone and camera: which. */
  label?: string;
  /** Microphone: the loudest moment, 0 to 1. */
  level?: number;
  /** Camera: its picture, in pixels. */
  width?: number;
  height?: number;
  /** Signaling and TURN: how long an answer takes. */
  roundTripMs?: number;
  /** Browser: whether it can share a screen. */
  screenShare?: boolean;
  /** Browser: whether it lets speakers be chosen. */
  speakerChoice?: boolean;
}

/** What `preflight()` found. */
export interface PreflightReport {
  /** The worst of all steps. */
  verdict: 'ok' | 'warn' | 'fail';
  steps: PreflightStep[];
  /** All of it as lines for a person. */
  text: string;
}

export interface PreflightOptions {
  /** Whether to open the microphone and listen for up to three seconds. Default true. */
  microphone?: boolean;
  /** Whether to open the camera. Default false. */
  camera?: boolean;
  /** Gives the test up: the promise is then rejected with `CANCELLED`. */
  signal?: AbortSignal;
  /** Called after each step. */
  onProgress?: (step: PreflightStep) => void;
}

/** Codes that arise in the browser; the server's are {@link ErrorCode}. */
export type ClientErrorCode =
  | 'MIC_DENIED' | 'MIC_NOT_FOUND' | 'MIC_IN_USE' | 'MIC_FAILED'
  | 'CAMERA_DENIED' | 'CAMERA_NOT_FOUND' | 'CAMERA_IN_USE' | 'CAMERA_FAILED' | 'SCREEN_DENIED' | 'SCREEN_FAILED'
  | 'SPEAKER_UNSUPPORTED' | 'DEVICE_NOT_FOUND'
  | 'INSECURE_CONTEXT' | 'UNSUPPORTED'
  | 'NOT_CONNECTED' | 'SIGNALING_LOST' | 'SIGNALING_TIMEOUT' | 'CONNECTION_FAILED'
  | 'NO_CALL' | 'NOT_RINGING' | 'CANCELLED' | 'INVALID_ARGUMENT' | 'NOT_INITIALISED' | 'DISPOSED'
  | 'SERVER_ERROR' | 'INTERNAL_ERROR';

export type CallErrorCode = ErrorCode | ClientErrorCode;

/** What `VoiceCallManager` needs of a socket: any Socket.IO v4 client socket has it. */
export interface SocketLike {
  readonly connected: boolean;
  readonly id?: string | undefined;
  on(event: any, listener: (...args: any[]) => void): unknown;
  off(event: any, listener: (...args: any[]) => void): unknown;
  emit(event: any, ...args: any[]): unknown;
}

export interface CallOptions {
  /** Plays remote audio. Absent: an existing `#remote-audio`, else one that the SDK makes. */
  audioElement?: HTMLAudioElement;
  /** Merged over the microphone constraints that the server gave. */
  microphone?: MediaTrackConstraints;
  /** Merged over the camera constraints that the server gave. */
  camera?: MediaTrackConstraints;
  /** The most that speech may take, in bits per second, from 6,000 to 510,000. Default: as the browser thinks fit. */
  audioBitrate?: number;
  /** The most that a picture may take on the way to each participant, in bits per second; a larger group gets less. */
  videoBitrate?: number;
  /** Supplies the local audio in place of `getUserMedia`; its tracks are then not stopped at the end. */
  localStream?: MediaStream | (() => MediaStream | Promise<MediaStream>);
  /** This user's id, for servers that do not say it. */
  userId?: string;
  /** False: only the reference's flow, offer after accept. Default true. */
  fastSetup?: boolean;
  /**
   * Makes the media path while a call rings, so that both hear each other at once when it is answered; both sides
   * have to want it. The other side sees this one's network addresses before the answer; `'relay'` hides them
   * behind the TURN server until then. Default false.
   */
  preconnect?: boolean | 'relay';
  /** False: a page that is reloaded in a call does not take it up again. Default true. */
  resume?: boolean;
  /** Merged over the `RTCConfiguration` that the server gave. */
  rtcConfiguration?: RTCConfiguration;
}

/** Options of a call that is answered or joined. */
export interface VideoOptions {
  /** Whether the camera is on from the start. */
  video?: boolean;
}

/** Options of a call that is placed. */
export interface DialOptions extends VideoOptions {
  /** Default `voice`. */
  callType?: CallType;
}

/** Ids of devices; null is the browser's default one. */
export interface ChosenDevices { microphone?: string | null; camera?: string | null; speaker?: string | null }

export interface ConnectOptions extends CallOptions {
  /** The user's JWT, or how to fetch one; asked again at every connect, and before it expires. */
  token: string | (() => string | Promise<string>);
  /** A stable id of this tab or install, at most 64 characters. Default: one per tab, kept in sessionStorage. */
  deviceId?: string;
  /** `io` of the application's own socket.io-client, in place of the bundled one. */
  io?: (url: string, options: Record<string, any>) => SocketLike;
  /** Further options for socket.io-client. */
  socket?: Record<string, unknown>;
  /** Gives the connecting up: the promise is then rejected with `CANCELLED`. */
  signal?: AbortSignal;
}

/** What `exportDiagnostics()` returns: plain values, ready for JSON. */
export interface Diagnostics {
  format: 'ringback-diagnostics';
  version: 1;
  userAgent: string;
  /** What came after the recording was full, and is not in it. */
  dropped: number;
  options: object;
  /** Each with its time on the page's clock in milliseconds, what it is, and what belongs to it. */
  entries: [at: number, what: string, ...rest: unknown[]][];
}
