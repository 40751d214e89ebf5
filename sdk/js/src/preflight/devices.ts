import { StepFailure, race, type Finding } from './step.js';

const LISTEN_MS = 3_000;
const SAMPLE_MS = 50;
/** About -50 dBFS: what an open microphone picks up in a quiet room stays below. */
const AUDIBLE = 0.003;

/** Opens the microphone and listens until something is heard. */
export async function microphone(id: string | null, signal: AbortSignal): Promise<Finding> {
  const stream = await open({ audio: id === null ? true : { deviceId: { exact: id } } }, 'MIC', signal);
  try {
    const label = stream.getAudioTracks()[0]!.label;
    const level = await peak(stream, signal);
    if (level === null) return { status: 'warn', code: 'LEVEL_UNKNOWN', message: `"${label}" opens; the browser measures no level before a click.`, label };
    if (level < AUDIBLE) {
      return { status: 'warn', code: 'MIC_SILENT', message: `No sound comes from "${label}": say something, or see whether it is muted or the wrong one.`, label, level };
    }
    return { status: 'ok', message: `"${label}" picks up sound.`, label, level };
  } finally {
    stop(stream);
  }
}

/** Opens the camera and closes it again. */
export async function camera(id: string | null, signal: AbortSignal): Promise<Finding> {
  const stream = await open({ video: id === null ? true : { deviceId: { exact: id } } }, 'CAMERA', signal);
  const track = stream.getVideoTracks()[0]!;
  const { width = 0, height = 0 } = track.getSettings();
  stop(stream);
  return { status: 'ok', message: `"${track.label}" opens, with ${width} by ${height}.`, label: track.label, width, height };
}

async function open(constraints: MediaStreamConstraints, kind: 'MIC' | 'CAMERA', signal: AbortSignal): Promise<MediaStream> {
  const opening = navigator.mediaDevices.getUserMedia(constraints);
  // Permission that is given after nobody waits any more.
  opening.then((stream) => signal.aborted && stop(stream), () => {});
  try {
    return await race(opening, signal);
  } catch (error) {
    throw failure(kind, (error as DOMException).name);
  }
}

const REASONS: Record<string, string> = { NotAllowedError: 'DENIED', SecurityError: 'DENIED', NotFoundError: 'NOT_FOUND', OverconstrainedError: 'NOT_FOUND', NotReadableError: 'IN_USE', AbortError: 'IN_USE' };
const REMEDIES: Record<string, string> = {
  DENIED: 'is blocked: allow it for this site in the browser\'s address bar and try again.',
  NOT_FOUND: 'was not found: plug one in and try again.',
  IN_USE: 'is in use by another program: close it there and try again.',
  FAILED: 'could not be opened: try again or choose another one.',
};

function failure(kind: 'MIC' | 'CAMERA', name: string): StepFailure {
  const reason = REASONS[name] ?? 'FAILED';
  return new StepFailure(`${kind}_${reason}`, `The ${kind === 'MIC' ? 'microphone' : 'camera'} ${REMEDIES[reason]}`);
}

/** The loudest moment, 0 to 1, measured until something is audible; null when the browser does not measure. */
async function peak(stream: MediaStream, signal: AbortSignal): Promise<number | null> {
  const context = new AudioContext();
  try {
    await race(context.resume(), signal, SAMPLE_MS * 10);
    if (context.state !== 'running') return null;
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(stream).connect(analyser);
    return await loudest(analyser, signal);
  } finally {
    context.close().catch(() => {});
  }
}

async function loudest(analyser: AnalyserNode, signal: AbortSignal): Promise<number> {
  const samples = new Float32Array(analyser.fftSize);
  const end = performance.now() + LISTEN_MS;
  let level = 0;
  while (level < AUDIBLE && performance.now() < end) {
    await race(new Promise((resolve) => setTimeout(resolve, SAMPLE_MS)), signal);
    analyser.getFloatTimeDomainData(samples);
    level = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), level);
  }
  return level;
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
