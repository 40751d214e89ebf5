/** Tests what a call needs before there is one; a file of its own, which only `preflight()` loads. */
import type { Ack, ConfigAck } from './protocol.js';
import { guarded } from './emitter.js';
import { camera, microphone } from './preflight/devices.js';
import { stun, turn } from './preflight/ice.js';
import { StepFailure, race, type Finding } from './preflight/step.js';
import type { PreflightOptions, PreflightReport, PreflightStep, PreflightStepName, SocketLike } from './types.js';

/** What the manager knows. */
export interface Given {
  socket: SocketLike;
  microphone: string | null;
  camera: string | null;
  rtcConfiguration: RTCConfiguration | undefined;
}

const ACK_WITHIN_MS = 5_000;
const SLOW_ROUND_TRIP_MS = 500;
const ROUNDS = 3;

/** Runs every step, one after the other, and sums them up. */
export async function preflight(given: Given, options: PreflightOptions): Promise<PreflightReport> {
  const signal = options.signal ?? new AbortController().signal;
  const steps: PreflightStep[] = [];
  const step = async (name: PreflightStepName, test: () => Finding | Promise<Finding>): Promise<PreflightStep> => {
    const done = await timed(name, test, signal);
    steps.push(done);
    guarded(() => options.onProgress?.(done));
    return done;
  };

  const browser = await step('browser', capabilities);
  const usable = browser.status !== 'fail';
  await step('microphone', () => (usable && options.microphone !== false ? microphone(given.microphone, signal) : skipped()));
  await step('camera', () => (usable && options.camera ? camera(given.camera, signal) : skipped()));
  let servers: RTCIceServer[] | null = null;
  await step('signaling', async () => {
    const { config, roundTripMs } = await ask(given.socket, signal);
    servers = { ...config, ...given.rtcConfiguration }.iceServers ?? [];
    return finding(roundTripMs);
  });
  await step('stun', () => (usable && servers ? stun(servers, signal) : skipped()));
  await step('turn', () => (usable && servers ? turn(servers, signal) : skipped()));
  return report(steps);
}

const skipped = (): Finding => ({ status: 'skipped', message: 'Not tested.' });

async function timed(name: PreflightStepName, test: () => Finding | Promise<Finding>, signal: AbortSignal): Promise<PreflightStep> {
  const started = performance.now();
  const found = await attempt(test, signal);
  return { name, durationMs: Math.round(performance.now() - started), ...found };
}

async function attempt(test: () => Finding | Promise<Finding>, signal: AbortSignal): Promise<Finding> {
  try {
    return await race(Promise.resolve().then(test), signal);
  } catch (error) {
    if (signal.aborted) throw { code: 'CANCELLED', message: 'The test was given up.', retryable: true, cause: signal.reason };
    if (error instanceof StepFailure) return error.finding;
    return { status: 'fail', code: 'INTERNAL_ERROR', message: `Something failed in the browser: ${String(error)}` };
  }
}

/** Tests whether this page can make calls at all. */
function capabilities(): Finding {
  if (!globalThis.isSecureContext) {
    throw new StepFailure('INSECURE_CONTEXT', 'Calls need a secure page: serve it over HTTPS or from localhost.');
  }
  if (!globalThis.RTCPeerConnection || !navigator.mediaDevices?.getUserMedia) {
    throw new StepFailure('UNSUPPORTED', 'This browser cannot make calls: it has no WebRTC.');
  }
  const screenShare = 'getDisplayMedia' in navigator.mediaDevices;
  const speakerChoice = 'setSinkId' in HTMLMediaElement.prototype;
  const lacks = [screenShare ? '' : 'share a screen', speakerChoice ? '' : 'choose a speaker'].filter(Boolean);
  const message = lacks.length > 0 ? `This browser can make calls; it cannot ${lacks.join(' or ')}.` : 'This browser can make calls.';
  return { status: 'ok', message, screenShare, speakerChoice };
}

/** Asks the server for the configuration a few times; the median counts. */
async function ask(socket: SocketLike, signal: AbortSignal): Promise<{ config: RTCConfiguration; roundTripMs: number }> {
  if (!socket.connected) throw new StepFailure('NOT_CONNECTED', 'There is no connection to the server: wait for it to come back and try again.');
  const times: number[] = [];
  let config: RTCConfiguration = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    const answer = await configOf(socket, signal);
    times.push(performance.now() - started);
    if (!answer.success) throw new StepFailure(answer.code ?? 'SERVER_ERROR', answer.error);
    config = answer.config;
  }
  return { config, roundTripMs: Math.round(times.sort((a, b) => a - b)[1]!) };
}

async function configOf(socket: SocketLike, signal: AbortSignal): Promise<Ack<ConfigAck>> {
  const answered = new Promise<Ack<ConfigAck>>((resolve) => void socket.emit('webrtc:config:get', resolve));
  const answer = await race(answered, signal, ACK_WITHIN_MS);
  if (answer === null) throw new StepFailure('SIGNALING_TIMEOUT', 'The server did not answer in time: try again.');
  return answer;
}

function finding(roundTripMs: number): Finding {
  return roundTripMs > SLOW_ROUND_TRIP_MS
    ? { status: 'warn', code: 'SLOW', message: `The server answers slowly (${roundTripMs} ms): calls take longer to begin.`, roundTripMs }
    : { status: 'ok', message: `The server answers in ${roundTripMs} ms.`, roundTripMs };
}

function report(steps: PreflightStep[]): PreflightReport {
  const found = (status: PreflightStep['status']) => steps.some((step) => step.status === status);
  const verdict = found('fail') ? 'fail' : found('warn') ? 'warn' : 'ok';
  const lines = steps.map(({ name, status, message, durationMs }) => `${status.padEnd(8)}${name.padEnd(12)}${message} (${durationMs} ms)`);
  return { verdict, steps, text: [HEADINGS[verdict], ...lines].join('\n') };
}

const HEADINGS = {
  ok: 'Calls will work from here.',
  warn: 'Calls will work from here, with limits.',
  fail: 'Calls will not work from here as things are.',
};
