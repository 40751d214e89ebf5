/// <reference lib="esnext.disposable" preserve="true" />
import { Engine } from '../wasm/ringback.js';

import { FLAG, TEXT, invalid, mustBe, readOptions, type Shape } from './arguments.js';
import { listDevices, type Choices } from './devices.js';
import { Emitter, type Listener } from './emitter.js';
import { CallError, toCallError } from './error.js';
import { mustBeHeard } from './events.js';
import { isReady } from './init.js';
import { Keeper } from './kept.js';
import { CALL_OPTIONS, DEVICES, DIAL_OPTIONS, PREFLIGHT_OPTIONS, VIDEO_OPTIONS } from './options.js';
import { Recorder } from './recorder.js';
import type {
  Call, CallEvents, CallOptions, CallState, ChosenDevices, DeviceList, Diagnostics, DialOptions, LiveCall, Participant, PreflightOptions, PreflightReport, SocketLike, VideoOptions,
} from './types.js';

/** The sockets that have a manager: a second one would ring beside it, and not stop when it answers. */
const taken = new WeakSet<SocketLike>();

/**
 * Voice calls over a Socket.IO socket: one current call, and what rings on this device.
 *
 * ```ts
 * await init();
 * const calls = new VoiceCallManager(socket);
 * calls.on('incoming', (call) => showDialog(call.caller.name));
 * await calls.initiateCall(chatId, ['bob']);
 * ```
 */
export class VoiceCallManager {
  readonly #emitter = new Emitter();
  /** None when the application does not want its call back after a reload. */
  readonly #keeper: Keeper | null;
  readonly #socket: SocketLike;
  readonly #options: CallOptions;
  readonly #recorder = new Recorder();
  readonly #kept: unknown;
  #engine: Engine | null;
  #activeSpeaker: string | null = null;
  /** Stops to watch for the page going away, while push-to-talk is on. */
  #pushToTalk: (() => void) | null = null;
  /** What is left to see after `dispose()`. */
  #last: { state: CallState; call: Call | null; muted: boolean } = { state: 'idle', call: null, muted: false };

  /**
   * Takes a socket, connected or not yet. Its other listeners are left alone. It may have one manager at a time.
   *
   * @throws {CallError} `NOT_INITIALISED` before `await init()`; `INVALID_ARGUMENT`.
   */
  constructor(socket: SocketLike, options: CallOptions = {}, /** @internal */ device?: string) {
    if (!isReady()) throw new CallError('NOT_INITIALISED', 'Call `await init()` before `new VoiceCallManager(socket)`.');
    mustBe(SOCKET, 'The first argument of VoiceCallManager', socket);
    if (taken.has(socket)) throw invalid('This socket has a manager already: dispose() of that one first.');
    options = readOptions('VoiceCallManager', options, CALL_OPTIONS);
    this.#keeper = options.resume === false ? null : new Keeper(device);
    const kept = this.#keeper?.read();
    this.#socket = socket;
    this.#options = options;
    this.#kept = kept;
    const recorder = this.#recorder;
    try {
      // An engine begins to connect at once where the socket is there already.
      if (socket.connected) recorder.note('event', 'connect');
      this.#engine = new Engine(recorder.before(socket), { ...options, kept, tap: recorder.tap }, (event: keyof CallEvents, payload: never) => this.#told(event, payload));
    } catch (error) {
      throw toCallError(error);
    }
    taken.add(socket);
    if (kept?.pushToTalk) this.setPushToTalk(true);
  }

  /**
   * Listens to an event; returns the function that stops it.
   *
   * @throws {CallError} `INVALID_ARGUMENT` for a name that no event has, and for what is no function; so do {@link once} and {@link off}.
   */
  on<E extends keyof CallEvents>(event: E, listener: Listener<E>): () => void {
    return this.#listen(event, listener, false);
  }

  /** Listens to the next event of this name only; returns the function that stops it. */
  once<E extends keyof CallEvents>(event: E, listener: Listener<E>): () => void {
    return this.#listen(event, listener, true);
  }

  /** Stops a listener that was given to {@link on} or {@link once}. */
  off<E extends keyof CallEvents>(event: E, listener: Listener<E>): void {
    mustBeHeard(event, listener);
    this.#emitter.remove(event, listener);
  }

  #listen<E extends keyof CallEvents>(event: E, listener: Listener<E>, isOnce: boolean): () => void {
    mustBeHeard(event, listener);
    this.#emitter.add(event, listener, isOnce);
    return () => this.#emitter.remove(event, listener);
  }

  /**
   * Places a call.
   *
   * @param targetUserIds Whom to call; absent: everyone in the chat.
   * @param options.video Whether the camera is on from the start. Default: in a video call. A camera
   *   that fails is an `error` event; the call goes on without.
   * @returns The session id of the call, once the server has taken it.
   */
  async initiateCall(chatId: string, targetUserIds?: readonly string[], options: DialOptions = {}): Promise<string> {
    const { callType, video } = readOptions('initiateCall()', options, DIAL_OPTIONS);
    return this.#ask('initiate', chatId, copied(targetUserIds), callType ?? 'voice', video);
  }

  /** Answers the call that rings here. After `MIC_DENIED` and the like it still rings and may be answered again. */
  async acceptCall(sessionId?: string, options: VideoOptions = {}): Promise<void> {
    const { video } = readOptions('acceptCall()', options, VIDEO_OPTIONS);
    return this.#ask('accept', sessionId, video);
  }

  /**
   * Opens the microphone for the call that rings here, ahead of {@link acceptCall}: call it when the
   * person reaches for the button (`pointerdown`, `focus`), a tenth of a second before they click.
   *
   * Does nothing where the browser would ask for permission, or does not tell. Nothing is heard
   * before the call is accepted; unless it is within ten seconds, the microphone is closed again.
   * What fails is told by `acceptCall`.
   */
  prepareToAccept(): void {
    this.#tell('prepareToAccept');
  }

  /**
   * Enters a call that goes on: one that was missed, rejected or left, or one that another tab or
   * device of this user is in, which then moves here. A call that rings here is answered.
   *
   * @throws {CallError} `CALL_FULL`, `CALL_ENDED`, `CALL_NOT_FOUND`, `ALREADY_IN_CALL` and the microphone's codes.
   */
  async joinCall(sessionId: string, options: VideoOptions = {}): Promise<void> {
    const { video } = readOptions('joinCall()', options, VIDEO_OPTIONS);
    return this.#ask('join', sessionId, video);
  }

  /** Calls more people of the chat into the current call; they ring as in any call. */
  async inviteToCall(targetUserIds: readonly string[]): Promise<void> {
    return this.#ask('invite', copied(targetUserIds));
  }

  /** The calls of this user that ring or go on, on whichever device: to join, or to move here. */
  liveCalls(): Promise<LiveCall[]> {
    return this.#ask('liveCalls');
  }

  /** Rejects the call that rings here, on all of this user's devices. */
  rejectCall(reason?: string, sessionId?: string): Promise<void> {
    return this.#ask('reject', reason, sessionId);
  }

  /** Ends the current call; in a group, unless this user placed it, it leaves it. */
  endCall(reason?: string): Promise<void> {
    return this.#ask('end', reason);
  }

  /** Leaves the current call without ending it for others. */
  leaveCall(): Promise<void> {
    return this.#ask('leave');
  }

  /** Mutes or unmutes the microphone; without a call, it is how the next one begins. */
  setMuted(muted: boolean): void {
    this.#tell('setMuted', muted);
  }

  /** Mutes or unmutes the microphone; returns whether it is muted now, or was when the manager was disposed of. */
  toggleMute(): boolean {
    this.setMuted(!this.muted);
    return this.muted;
  }

  /**
   * Opens the microphone only while {@link talk} says so, in this call and the next ones.
   *
   * A page that loses the focus or is hidden counts as a released key.
   */
  setPushToTalk(on: boolean): void {
    this.#tell('setPushToTalk', on);
    if (typeof on !== 'boolean') return;
    this.#pushToTalk?.();
    this.#pushToTalk = on && this.#engine ? whenAway(() => this.talk(false)) : null;
  }

  /** The key of push-to-talk is pressed or released; without push-to-talk it does nothing. */
  talk(pressed: boolean): void {
    this.#tell('talk', pressed);
  }

  /** Turns the camera on or off, in a voice call too; resolves to whether it is on. */
  toggleVideo(): Promise<boolean> {
    return this.#ask('setVideo');
  }

  /**
   * Turns the camera on or off; resolves once it is.
   *
   * @throws {CallError} `CAMERA_DENIED`, `CAMERA_NOT_FOUND`, `CAMERA_IN_USE`, `CAMERA_FAILED`, `NO_CALL`.
   */
  async setVideoEnabled(on: boolean): Promise<void> {
    mustBe(FLAG, 'The argument of setVideoEnabled()', on);
    await this.#ask('setVideo', on);
  }

  /**
   * Shares the screen in the camera's place, or gives the place back; call it from a click.
   *
   * @param on Default: the other way than now.
   * @returns Whether the screen is shared now.
   * @throws {CallError} `SCREEN_DENIED` when the person chooses none, `SCREEN_FAILED`, `NO_CALL`.
   */
  async shareScreen(on?: boolean): Promise<boolean> {
    if (on !== undefined) mustBe(FLAG, 'The argument of shareScreen()', on);
    return this.#ask('shareScreen', on);
  }

  /** Lists microphones, cameras and speakers; their labels are empty before permission was given. */
  devices(): Promise<DeviceList> {
    return this.#use(async (engine) => listDevices(engine.look('choices', '') as Choices));
  }

  /**
   * Chooses devices, in a call or for the next one; null is the browser's default one. What is not
   * named stays as it is. The choice lasts as long as this manager. A microphone is tried in a call:
   * one that is gone by the next call gives way to the default one.
   *
   * @throws {CallError} `DEVICE_NOT_FOUND`, `SPEAKER_UNSUPPORTED` and the device's own codes; the former device then stays.
   */
  async setDevices(chosen: ChosenDevices): Promise<void> {
    const given = Object.entries(readOptions('setDevices()', chosen, DEVICES));
    await Promise.all(given.map(([kind, id]) => this.#ask('setDevice', kind, id ?? undefined)));
  }

  /**
   * Tests what a call needs, before there is one: browser, microphone, server, STUN and TURN. What
   * does not work is in the report, with what to do about it.
   *
   * @throws {CallError} `CANCELLED` after `options.signal` was aborted.
   */
  async preflight(options: PreflightOptions = {}): Promise<PreflightReport> {
    const wanted = readOptions('preflight()', options, PREFLIGHT_OPTIONS);
    return this.#use(async (engine) => {
      const [microphone, camera] = engine.look('choices', '') as Choices;
      const { preflight } = await import('./preflight.js');
      return preflight({ socket: this.#socket, microphone, camera, rtcConfiguration: this.#options.rtcConfiguration }, wanted);
    });
  }

  /**
   * Returns what the call machine was told since this manager was made, and the states that it came to: for a bug
   * report. Addresses, names, ids, credentials and keys are taken out; the machine comes to the same states when it
   * is told this again (`cargo run -p ringback-sdk --example replay`).
   */
  async exportDiagnostics(): Promise<Diagnostics> {
    const { diagnostics } = await import('./diagnostics.js');
    return diagnostics(this.#recorder, this.#options, this.#kept);
  }

  /** Whether the socket is connected; a call goes on without. */
  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Where the current call stands. */
  get state(): CallState {
    return this.#look('state') ?? this.#last.state;
  }

  /** The current call, or the last one once it has ended; null before the first. */
  get call(): Call | null {
    return this.#engine ? this.#look('call') : this.#last.call;
  }

  /** Everyone else in the current call. */
  get participants(): Participant[] {
    return this.call?.participants ?? [];
  }

  /** Whether the microphone is muted. */
  get muted(): boolean {
    return this.#look('muted') ?? this.#last.muted;
  }

  /** What arrives from a participant, once it does; it already plays. */
  remoteStream(userId: string): MediaStream | null {
    mustBe(TEXT, 'The argument of remoteStream()', userId);
    return this.#look('remoteStream', userId);
  }

  /** The microphone's stream while it is open. */
  get localStream(): MediaStream | null {
    return this.#look('localStream');
  }

  /** The picture that is sent, of the camera or the screen. */
  get localVideo(): MediaStream | null {
    return this.#look('localVideo');
  }

  /** Who else speaks at the moment, or null. */
  get activeSpeaker(): string | null {
    return this.#activeSpeaker;
  }

  /** Plays the audio that the browser held back (`audioBlocked`): call it from a click. */
  async resumeAudio(): Promise<void> {
    await Promise.allSettled(this.#engine?.resumeAudio() ?? []);
  }

  /**
   * Ends what goes on and lets go of microphone, connections and listeners; the socket stays as it is.
   *
   * What is asked afterwards is rejected with `DISPOSED`; of methods without a promise, the console tells.
   */
  dispose(): void {
    const engine = this.#engine;
    if (!engine) return;
    this.#tell('dispose');
    this.#pushToTalk?.();
    this.#last = { state: this.state, call: this.call, muted: this.muted };
    this.#engine = null;
    taken.delete(this.#socket);
    // Not at once: this may be running inside a listener, and the end of the call is yet to be told.
    queueMicrotask(() => {
      engine.free();
      this.#emitter.clear();
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Asks for something that nobody waits for. */
  #tell(what: string, ...args: unknown[]): void {
    this.#ask(what, ...args).catch((error: CallError) => this.#notify('error', error));
  }

  /** Asks the module for something; `sdk/src/api/command.rs` reads it. */
  #ask<T>(what: string, ...args: unknown[]): Promise<T> {
    return this.#use((engine) => new Promise<T>((resolve, reject) => {
      const refused = this.#recorder.ask(what, args);
      engine.request(what, args, resolve, (failure: { code: string }) => {
        if (failure.code === 'INVALID_ARGUMENT') refused();
        reject(failure);
      });
    }));
  }

  async #use<T>(act: (engine: Engine) => Promise<T>): Promise<T> {
    if (!this.#engine) throw new CallError('DISPOSED', 'This manager was disposed: make a new one.');
    try {
      return await act(this.#engine);
    } catch (error) {
      throw toCallError(error);
    }
  }

  /** Looks at how something stands; null when there is no such thing, or once disposed. */
  #look<T>(what: string, of = ''): T | null {
    return this.#engine?.look(what, of) ?? null;
  }

  #told(event: keyof CallEvents, payload: never): void {
    if (event === 'activeSpeaker') this.#activeSpeaker = (payload as CallEvents['activeSpeaker']).userId;
    // The module only says that they changed.
    if (event === 'devices') this.devices().then((list) => this.#notify('devices', list), () => {});
    else this.#notify(event, payload);
  }

  #notify<E extends keyof CallEvents>(event: E, payload: CallEvents[E]): void {
    if (event === 'state') {
      const { state, call } = payload as CallEvents['state'];
      this.#recorder.note('state', state);
      this.#keeper?.note(call);
    }
    const told = event === 'error' ? (toCallError(payload) as CallEvents[E]) : payload;
    const heard = this.#emitter.emit(event, told);
    // Somebody should know.
    if (event === 'error' && !heard) console.error(told);
  }
}

/** Calls back whenever the page loses the focus or is hidden; returns the function that stops it. */
function whenAway(callback: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  globalThis.addEventListener('blur', callback, { signal });
  document.addEventListener('visibilitychange', () => document.hidden && callback(), { signal });
  return () => stop.abort();
}

const SOCKET: Shape = ['a Socket.IO socket', (socket) => ['on', 'off', 'emit'].every((method) => typeof (socket as any)?.[method] === 'function')];

/** What the module gets is not the application's own: reading that could throw in there. */
function copied(ids: readonly string[] | undefined): readonly string[] | undefined {
  if (!Array.isArray(ids)) return ids;
  try {
    return [...ids];
  } catch (cause) {
    throw invalid('targetUserIds cannot be read: see `cause`.', cause);
  }
}
