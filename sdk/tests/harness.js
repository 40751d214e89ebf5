// What the browser tests need in the page: an in-page signaling server, recorders, and spies on
// what the SDK opens. It is loaded as a module by the Rust tests beside it.

/** How long a test waits for something that has to happen. */
const DEADLINE_MS = 10_000;

/** The id of a device that is not there. */
const GONE = 'gone';

const clone = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

/** A Socket.IO client socket, as far as the SDK knows one. */
class FakeSocket {
  #listeners = new Map();
  #awaited = new Map();
  connected = false;

  constructor(relay, userId) {
    this.relay = relay;
    this.userId = userId;
    /** Every event that was emitted, in order. */
    this.emitted = [];
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  off(event, listener) {
    this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((other) => other !== listener));
    return this;
  }

  emit(event, ...args) {
    const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    this.emitted.push(event);
    this.#awaited.get(event)?.();
    const payload = clone(args[0]);
    queueMicrotask(() => this.connected && this.relay.receive(this, event, payload, (answer) => queueMicrotask(() => ack?.(clone(answer)))));
    return this;
  }

  /** Resolves when an event of this name is emitted, from now on. */
  nextEmit(event) {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`no ${event} was emitted`)), DEADLINE_MS);
      this.#awaited.set(event, () => {
        clearTimeout(deadline);
        resolve();
      });
    });
  }

  connect() {
    this.connected = true;
    this.deliver('connect');
  }

  disconnect() {
    this.connected = false;
    this.deliver('disconnect', 'transport close');
  }

  refuse(code) {
    this.deliver('connect_error', Object.assign(new Error(code), { data: { code } }));
  }

  /** Calls the listeners, as a message from the server does. */
  deliver(event, payload) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(clone(payload) ?? payload);
  }

  listenerCount() {
    return [...this.#listeners.values()].reduce((sum, listeners) => sum + listeners.length, 0);
  }
}

/**
 * A signaling server for one chat of two people, in the page.
 *
 * `features`: what it announces; null makes it a server of the reference, which knows only that.
 */
export class Relay {
  #sockets = new Map();
  #call = null;
  #sessions = 0;
  #crossing = null;

  constructor(features) {
    this.features = features;
  }

  /** Lets the next two offers cross on their way. */
  crossOffers() {
    this.#crossing = [];
  }

  socket(userId) {
    const socket = new FakeSocket(this, userId);
    this.#sockets.set(userId, socket);
    return socket;
  }

  /** Whether the server still has a call. */
  get isBusy() {
    return this.#call !== null;
  }

  receive(from, event, payload, ack) {
    const handle = this.#handlers[event];
    if (handle) handle(from, payload, ack);
    else ack({ success: false, error: 'Unknown event', code: 'UNKNOWN_EVENT' });
  }

  #tell(userId, event, payload) {
    const socket = this.#sockets.get(userId);
    queueMicrotask(() => socket?.connected && socket.deliver(event, payload));
  }

  #others(userId) {
    return [...this.#sockets.keys()].filter((other) => other !== userId);
  }

  #has(feature) {
    return this.features?.includes(feature) ?? false;
  }

  #end(endedBy, reason) {
    if (!this.#call) return;
    const { sessionId, chatId } = this.#call;
    this.#call = null;
    for (const userId of this.#sockets.keys()) this.#tell(userId, 'call:ended', { sessionId, chatId, endedBy, reason });
  }

  #relay(from, event, payload) {
    const { targetUserId, targetDeviceId, ...rest } = payload;
    const devices = this.#has('devices') ? { fromDeviceId: `${from.userId}-device` } : {};
    this.#tell(targetUserId ?? this.#others(from.userId)[0], event, { ...rest, fromUserId: from.userId, ...devices });
  }

  #isCurrent(payload, ack) {
    if (this.#call?.sessionId === payload.sessionId) return true;
    ack({ success: false, error: 'There is no such call', code: 'CALL_NOT_FOUND' });
    return false;
  }

  #handlers = {
    'webrtc:config:get': (from, _payload, ack) => {
      const config = { iceServers: [] };
      const you = { userId: from.userId, deviceId: `${from.userId}-device` };
      ack(this.features ? { success: true, config, protocol: { version: 1, features: this.features }, you } : { config });
    },
    'call:sync': (_from, _payload, ack) => ack({ success: true, calls: [] }),
    'call:initiate': (from, { chatId, callType, offer }, ack) => {
      this.#call = { sessionId: `session-${++this.#sessions}`, chatId, callerId: from.userId };
      const { sessionId } = this.#call;
      ack({ success: true, sessionId });
      const targetUserIds = this.#others(from.userId);
      const early = offer && this.#has('early-offer') ? { offer } : {};
      const incoming = { sessionId, chatId, callType, callerId: from.userId, callerName: `${from.userId} Example`, callerAvatar: null, ...early };
      for (const target of targetUserIds) this.#tell(target, 'call:incoming', incoming);
      this.#tell(from.userId, 'call:ringing', { sessionId, chatId, targetUserIds });
    },
    'call:accept': (from, payload, ack) => {
      if (!this.#isCurrent(payload, ack)) return;
      ack({ success: true });
      const { sessionId, chatId, callerId } = this.#call;
      const devices = this.#has('devices') ? { deviceId: `${from.userId}-device` } : {};
      const early = payload.answer && this.#has('early-offer') ? { answer: payload.answer } : {};
      this.#tell(callerId, 'call:accepted', { sessionId, chatId, acceptedBy: from.userId, ...devices, ...early });
      for (const userId of this.#sockets.keys()) this.#tell(userId, 'call:participant-joined', { sessionId, chatId, userId: from.userId, ...devices });
    },
    'call:reject': (from, payload, ack) => {
      if (!this.#isCurrent(payload, ack)) return;
      ack({ success: true });
      const { sessionId, chatId, callerId } = this.#call;
      const reason = payload.reason ?? 'declined';
      this.#tell(callerId, 'call:rejected', { sessionId, chatId, rejectedBy: from.userId, reason });
      this.#end(from.userId, reason);
    },
    'webrtc:offer': (from, payload, ack) => {
      ack({ success: true });
      const relay = () => this.#relay(from, 'webrtc:offer', payload);
      if (this.#crossing === null) return relay();
      this.#crossing.push(relay);
      if (this.#crossing.length < 2) return;
      for (const held of this.#crossing) held();
      this.#crossing = null;
    },
    'webrtc:answer': (from, payload, ack) => (ack({ success: true }), this.#relay(from, 'webrtc:answer', payload)),
    'webrtc:ice-candidate': (from, payload, ack) => (ack({ success: true }), this.#relay(from, 'webrtc:ice-candidate', payload)),
    'call:toggle-audio': (from, { sessionId, muted }, ack) => {
      ack({ success: true });
      for (const userId of this.#others(from.userId)) this.#tell(userId, 'call:participant-audio-toggle', { sessionId, userId: from.userId, muted });
    },
    'call:toggle-video': (from, { sessionId, enabled, source }, ack) => {
      ack({ success: true });
      const told = source && this.#has('video-source') ? { source } : {};
      for (const userId of this.#others(from.userId)) this.#tell(userId, 'call:participant-video-toggle', { sessionId, userId: from.userId, enabled, ...told });
    },
    'call:quality': (_from, _payload, ack) => ack({ success: true }),
    'call:end': (from, payload, ack) => {
      if (!this.#isCurrent(payload, ack)) return;
      ack({ success: true });
      this.#end(from.userId, payload.reason ?? 'completed');
    },
    'call:leave': (from, payload, ack) => {
      if (!this.#isCurrent(payload, ack)) return;
      ack({ success: true });
      this.#end(from.userId, 'completed');
    },
  };
}

/** Takes the engine's events and lets a test wait for them. */
export class Recorder {
  #events = [];
  #waiting = new Set();
  #reactions = [];

  constructor() {
    this.notify = (event, payload) => {
      this.#events.push({ event, payload, taken: false });
      for (const [name, react] of this.#reactions) if (name === event) react(payload);
      for (const wake of [...this.#waiting]) wake();
    };
  }

  /** Calls a function at once at every such event, as a listener of an application is called. */
  react(event, react) {
    this.#reactions.push([event, react]);
  }

  count(event) {
    return this.#events.filter((other) => other.event === event).length;
  }

  names() {
    return this.#events.map(({ event }) => event).join(' ');
  }

  /** Returns the payload of the first such event that was not returned yet and that `accepts` accepts. */
  next(event, accepts = () => true) {
    const take = () => {
      const found = this.#events.find((other) => !other.taken && other.event === event && accepts(other.payload));
      if (found) found.taken = true;
      return found;
    };
    return new Promise((resolve, reject) => {
      const tryIt = () => {
        const found = take();
        if (!found) return false;
        clearTimeout(deadline);
        this.#waiting.delete(tryIt);
        resolve(found.payload);
        return true;
      };
      const deadline = setTimeout(() => {
        this.#waiting.delete(tryIt);
        const seen = this.#events.map((other) => `${other.event} ${JSON.stringify(other.payload)}`).join('\n');
        reject(new Error(`no ${event} came; there were:\n${seen}`));
      }, DEADLINE_MS);
      this.#waiting.add(tryIt);
      tryIt();
    });
  }

  /** Like `next('state')`, for one state. */
  state(state) {
    return this.next('state', (payload) => payload.state === state);
  }

  /** Like `next('quality')`, once sound is arriving. */
  sound() {
    return this.next('quality', ({ bitrate }) => bitrate > 0);
  }
}

/** Keeps book of the connections and microphones that are opened while it lives. */
export class Spy {
  #real = { connection: globalThis.RTCPeerConnection, getUserMedia: navigator.mediaDevices.getUserMedia, getDisplayMedia: navigator.mediaDevices.getDisplayMedia };
  connections = [];
  streams = [];
  #openings = [];
  #gate = null;
  #refusals = {};
  /** What was asked of the browser, in order. */
  asked = [];

  constructor() {
    const spy = this;
    globalThis.RTCPeerConnection = class extends this.#real.connection {
      constructor(...args) {
        super(...args);
        spy.connections.push(this);
      }
    };
    navigator.mediaDevices.getUserMedia = (constraints) => {
      const opening = this.#capture(constraints.video ? 'camera' : 'microphone', constraints);
      this.#openings.push(opening);
      return opening;
    };
    // No test has a person who chooses a screen.
    navigator.mediaDevices.getDisplayMedia = (constraints) => this.#capture('screen', constraints);
  }

  async #capture(kind, constraints) {
    this.asked.push({ kind, constraints });
    await this.#gate?.promise;
    const wanted = constraints[kind === 'microphone' ? 'audio' : 'video'].deviceId?.exact;
    const refusal = (wanted === GONE && 'OverconstrainedError') || this.#refusals[kind];
    if (refusal) throw new DOMException('A test says no', refusal);
    const stream = await (kind === 'screen' ? pictureStream(320, 200) : this.#real.getUserMedia.call(navigator.mediaDevices, constraints));
    this.streams.push(stream);
    for (const track of stream.getTracks()) letEnd(track);
    return stream;
  }

  /** Makes `microphone`, `camera` or `screen` fail with this exception, or work again. */
  refuse(kind, name) {
    this.#refusals[kind] = name ?? null;
  }

  #live() {
    return this.connections.filter((connection) => connection.connectionState !== 'closed');
  }

  /** What the open connections were told by the other side. */
  remoteDescriptions() {
    return this.#live().map((connection) => connection.remoteDescription.sdp);
  }

  /**
   * How many copies of what had arrived already came with each packet of sound, for each open
   * connection, once enough have arrived.
   */
  async redundancy() {
    const copiesIn = async (connection) => {
      const report = await connection.getStats();
      const heard = [...report.values()].find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
      return heard?.packetsReceived > 100 ? (heard.packetsDiscarded ?? 0) / heard.packetsReceived : null;
    };
    for (;;) {
      const copies = await Promise.all(this.#live().map(copiesIn));
      if (copies.every((share) => share !== null)) return copies;
    }
  }

  /** The most bits per second that the open connections send of a picture. */
  videoLimits() {
    const senders = this.#live().flatMap((connection) => connection.getSenders()).filter(({ track }) => track?.kind === 'video');
    return senders.flatMap((sender) => sender.getParameters().encodings).flatMap(({ maxBitrate }) => maxBitrate ?? []);
  }

  /** How many sections for video the open connections have. */
  videoSections() {
    return this.#live().map((connection) => connection.getTransceivers().filter(({ receiver, stopped }) => receiver.track.kind === 'video' && !stopped).length);
  }

  /** The device ids that were asked for of a kind, `null` for the default one. */
  askedDevices(kind) {
    return this.asked
      .filter((asked) => asked.kind === kind)
      .map(({ constraints }) => constraints[kind === 'microphone' ? 'audio' : 'video'].deviceId?.exact ?? 'default');
  }

  /** Keeps `getUserMedia` from settling until `openGate`. */
  closeGate() {
    let open;
    this.#gate = { promise: new Promise((resolve) => (open = resolve)), open: () => open() };
  }

  async openGate() {
    this.#gate?.open();
    this.#gate = null;
    await Promise.allSettled(this.#openings);
    // Whoever waited for the same promise has been called when the next task begins.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  streamCount() {
    return this.streams.length;
  }

  /** Makes the browser say this about the microphone: `granted`, `denied` or `prompt`. */
  async stubPermission(state) {
    const status = await navigator.permissions.query({ name: 'microphone' }).catch(() => null);
    if (!status) return false;
    Object.defineProperty(status, 'state', { value: state });
    navigator.permissions.query = () => Promise.resolve(status);
    return true;
  }

  /** The tracks that the open connections send. */
  sentTracks() {
    const open = this.connections.filter((connection) => connection.connectionState !== 'closed');
    return open.flatMap((connection) => connection.getSenders()).flatMap(({ track }) => track ?? []);
  }

  openConnections() {
    return this.connections.filter((connection) => connection.connectionState !== 'closed').length;
  }

  liveTracks() {
    return this.streams.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === 'live').length;
  }

  restore() {
    globalThis.RTCPeerConnection = this.#real.connection;
    navigator.mediaDevices.getUserMedia = this.#real.getUserMedia;
    navigator.mediaDevices.getDisplayMedia = this.#real.getDisplayMedia;
    // What a test put before the browser's own method.
    delete navigator.permissions.query;
  }
}

/** Makes `play()` fail as it does before the first click; returns the function that mends it. */
export function blockPlayback() {
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('A test says no', 'NotAllowedError'));
  return () => {
    HTMLMediaElement.prototype.play = play;
  };
}

export const audioElements = () => document.querySelectorAll('audio').length;

export function addAudioElement(id) {
  const element = document.createElement('audio');
  element.id = id;
  document.body.append(element);
  return element;
}

/** The next event of that name. */
export function nextEvent(target, name) {
  return new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
}

/** A stream of one tone, as an application may supply it. */
export function toneStream() {
  const context = new AudioContext();
  const destination = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  oscillator.connect(destination);
  oscillator.start();
  return destination.stream;
}

const heard = new WeakMap();

/** Keeps a track's listeners at hand: in Firefox no script can fire `ended` and the like. */
function letEnd(track) {
  const listeners = new Map();
  heard.set(track, listeners);
  track.addEventListener = (event, listener) => listeners.set(listener, event);
  track.removeEventListener = (event, listener) => listeners.delete(listener);
}

/** Tells who listens to the tracks of a stream that something happened to them. */
export function fire(stream, event) {
  for (const track of stream.getTracks()) {
    for (const [listener, name] of [...heard.get(track)]) if (name === event) listener(new Event(event));
  }
}

/** Ends the tracks of a stream, as unplugging the device or the browser's own button does. */
export function endTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
  fire(stream, 'ended');
}

/** A stream of a picture that changes, of this size. */
export function pictureStream(width, height) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  const stream = canvas.captureStream(10);
  const [track] = stream.getVideoTracks();
  const paint = () => {
    if (track.readyState !== 'live') return;
    context.fillStyle = `hsl(${performance.now() % 360} 80% 50%)`;
    context.fillRect(0, 0, width, height);
    setTimeout(paint, 50);
  };
  paint();
  return stream;
}

/** Resolves to the size of the picture once a stream shows one that `accepts` accepts. */
export function picture(stream, accepts = () => true) {
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, srcObject: stream });
  document.body.append(video);
  const done = () => {
    video.srcObject = null;
    video.remove();
  };
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`no such picture; it is ${video.videoWidth} x ${video.videoHeight}`)), DEADLINE_MS);
    const look = () => {
      if (video.currentTime === 0 || !accepts(video.videoWidth, video.videoHeight)) return;
      clearTimeout(deadline);
      resolve([video.videoWidth, video.videoHeight]);
    };
    for (const event of ['timeupdate', 'resize', 'playing']) video.addEventListener(event, look);
  }).finally(done);
}

/** Resolves once a stream shows a picture that is wide, as a camera's, or as the test's screen is. */
export const pictureOf = (stream, source) =>
  picture(stream, (width, height) => width > 0 && (Math.abs(width / height - 1.6) < 0.01) === (source === 'screen'));

/** The id of the last device of a kind: with several, it is not the default one. */
export async function deviceId(kind) {
  const probe = await navigator.mediaDevices.getUserMedia({ audio: kind === 'audioinput', video: kind === 'videoinput' });
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const track of probe.getTracks()) track.stop();
  return devices.filter((device) => device.kind === kind).at(-1).deviceId;
}

/** What the browser fires when something is plugged in. */
export const devicesChange = () => navigator.mediaDevices.dispatchEvent(new Event('devicechange'));

export const hasSinks = () => 'setSinkId' in HTMLMediaElement.prototype;

/** Whether the browser can send redundant sound (RFC 2198). */
export const hasRedundancy = () => RTCRtpSender.getCapabilities('audio').codecs.some(({ mimeType }) => mimeType === 'audio/red');

/** Lets the machine sleep as laptops do: the wall clock goes on, the page's stands still. Returns what undoes it. */
export function sleep(ms) {
  const { now } = Date;
  Date.now = () => now() + ms;
  return () => {
    Date.now = now;
  };
}
