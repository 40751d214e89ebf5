// Microphone, camera and screen, one of each at a time, and the news of devices and network. The
// Rust side is in `mod.rs`.

const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** What the browser is asked for when the server recommends nothing; of a screen every pixel, few times a second. */
const USUAL = { microphone: VOICE, camera: { width: 1280, height: 720, frameRate: 30 }, screen: { frameRate: 15 } };

/** The devices of one client. */
export class Captures {
  #options;
  #defaults = {};
  #peers;
  #report;
  /** By kind: what is being opened, and what is open. */
  #opening = {};
  #open = {};
  #isEnabled = true;
  #stop = new AbortController();

  constructor(options, peers, report) {
    this.#options = options ?? {};
    this.#peers = peers;
    this.#report = report;
    const on = (target, event, what) => target?.addEventListener?.(event, () => this.#report([what]), { signal: this.#stop.signal });
    on(globalThis, 'online', 'network');
    on(navigator.connection, 'change', 'network');
    on(navigator.mediaDevices, 'devicechange', 'devices');
  }

  /** Takes the constraints that the server recommends. */
  setDefaults({ voice, video } = {}) {
    this.#defaults = { microphone: voice, camera: video };
  }

  /** Asks for a device; what is open stays so until it is there. */
  open(kind, id, device) {
    this.#opening[kind] = id;
    const isAwaited = () => this.#opening[kind] === id;
    const opened = (stream) => {
      const isOurs = this.#isOurs(kind);
      if (!isOurs && !(stream instanceof MediaStream)) throw new TypeError('The function `localStream` returned no MediaStream.');
      const tracks = kind === 'microphone' ? stream.getAudioTracks() : stream.getVideoTracks();
      // One of the application may have ended, of which nothing tells.
      const track = tracks.find(({ readyState }) => readyState === 'live');
      if (isAwaited() && track) return this.#take(kind, id, stream, track);
      // Nobody waits for it any more: the light of the device must go out.
      if (isOurs) stop(stream);
      if (isAwaited()) throw isOurs ? new DOMException('', 'NotFoundError') : new TypeError('`localStream` has no live audio track: give a new one, or a function that returns one.');
    };
    const failed = (error) => {
      if (!isAwaited()) return;
      delete this.#opening[kind];
      this.#report(['captureFailed', kind, id, reasonOf(error), `${error?.message ?? error ?? ''}`]);
    };
    try {
      Promise.resolve(this.#ask(kind, device)).then(opened).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Gives a device back, also one that is still being opened. */
  close(kind) {
    delete this.#opening[kind];
    this.#release(kind);
    if (kind === 'microphone') this.#peers.send('audio', null);
  }

  /** Lets the microphone through or sends silence, now and when it is opened later. */
  enable(isEnabled) {
    this.#isEnabled = isEnabled;
    const track = this.#open.microphone?.track;
    if (track) track.enabled = isEnabled;
  }

  /** Sends this picture, `camera` or `screen`, or none. */
  sendVideo(source) {
    this.#peers.send('video', this.#open[source]?.track ?? null);
  }

  stream(kind) {
    return this.#open[kind]?.stream;
  }

  label(kind) {
    return this.#open[kind]?.track.label ?? '';
  }

  /** Asks what the browser says about the microphone, now and on change. */
  queryPermission() {
    const told = (state) => this.#report(['permission', state]);
    const known = (status) => {
      status.addEventListener('change', () => told(status.state), { signal: this.#stop.signal });
      told(status.state);
    };
    // Browsers that do not know the name `microphone` reject.
    Promise.resolve(navigator.permissions.query({ name: 'microphone' })).then(known, () => told('prompt'));
  }

  dispose() {
    this.#report = () => {};
    this.#stop.abort();
    for (const kind of Object.keys(USUAL)) this.close(kind);
  }

  /** Whether the tracks are ours to stop. */
  #isOurs(kind) {
    return kind !== 'microphone' || (this.#options.localStream ?? null) === null;
  }

  #ask(kind, device) {
    if (!this.#isOurs(kind)) {
      const source = this.#options.localStream;
      return typeof source === 'function' ? source() : source;
    }
    const wanted = { ...(this.#defaults[kind] ?? USUAL[kind]), ...this.#options[kind], ...(device === undefined ? {} : { deviceId: { exact: device } }) };
    const { mediaDevices } = navigator;
    if (kind === 'screen') return mediaDevices.getDisplayMedia({ video: wanted });
    return mediaDevices.getUserMedia({ [kind === 'camera' ? 'video' : 'audio']: wanted });
  }

  #take(kind, id, stream, track) {
    delete this.#opening[kind];
    const former = this.#open[kind];
    const open = { stream, track, stop: new AbortController(), giveBack: this.#isOurs(kind) ? () => stop(stream) : giveBack(track) };
    if (kind === 'microphone') track.enabled = this.#isEnabled;
    // Text is to stay readable when the network is slow.
    if (kind === 'screen') track.contentHint = 'detail';
    const on = (event, ...report) => track.addEventListener(event, () => this.#report(report), { signal: open.stop.signal });
    on('ended', 'captureEnded', kind, id);
    // A window that is hidden is no news.
    if (kind !== 'screen') {
      on('mute', 'interrupted', kind, id, true);
      on('unmute', 'interrupted', kind, id, false);
    }
    this.#open[kind] = open;
    if (kind === 'microphone') this.#peers.send('audio', track);
    this.#report(['captureOpened', kind, id]);
    // Last, so that there is no gap between the two.
    release(former);
  }

  #release(kind) {
    const open = this.#open[kind];
    delete this.#open[kind];
    release(open);
  }
}

function release(open) {
  open?.stop.abort();
  open?.giveBack();
}

/** Leaves a track of the application as it came. */
function giveBack(track) {
  const { enabled } = track;
  return () => {
    track.enabled = enabled;
  };
}

function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** Says what a failed `getUserMedia` means (mediacapture-streams section 10.2). */
function reasonOf(error) {
  switch (error?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'notFound';
    case 'NotReadableError':
    case 'AbortError':
      return 'inUse';
    default:
      return globalThis.isSecureContext ? 'failed' : 'insecure';
  }
}
