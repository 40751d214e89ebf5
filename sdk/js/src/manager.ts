/// <reference lib="esnext.disposable" preserve="true" />
import { Engine } from '../wasm/ringback.js';

import { Emitter, type Listener } from './emitter.js';
import { CallError, toCallError } from './error.js';
import { isReady } from './init.js';
import type { CallType } from './protocol.js';
import type { Call, CallEvents, CallOptions, CallState, LiveCall, Participant, SocketLike } from './types.js';

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
  #engine: Engine | null;
  /** What is left to see after `dispose()`. */
  #last: { state: CallState; call: Call | null; muted: boolean } = { state: 'idle', call: null, muted: false };

  /**
   * Takes a socket, connected or not yet. Its other listeners are left alone.
   *
   * @throws {CallError} `NOT_INITIALISED` before `await init()`; `INVALID_ARGUMENT`.
   */
  constructor(socket: SocketLike, options: CallOptions = {}) {
    if (!isReady()) throw new CallError('NOT_INITIALISED', 'Call `await init()` before `new VoiceCallManager(socket)`.');
    if (!isSocket(socket)) throw new CallError('INVALID_ARGUMENT', 'The first argument is not a Socket.IO socket.');
    try {
      this.#engine = new Engine(socket, options, (event: keyof CallEvents, payload: never) => this.#notify(event, payload));
    } catch (error) {
      throw toCallError(error);
    }
  }

  /** Listens to an event; returns the function that stops it. */
  on<E extends keyof CallEvents>(event: E, listener: Listener<E>): () => void {
    this.#emitter.add(event, listener);
    return () => this.off(event, listener);
  }

  /** Listens to the next event of this name only; returns the function that stops it. */
  once<E extends keyof CallEvents>(event: E, listener: Listener<E>): () => void {
    const stop = this.on(event, (payload) => {
      stop();
      listener(payload);
    });
    return stop;
  }

  /** Stops a listener that was given to {@link on}. */
  off<E extends keyof CallEvents>(event: E, listener: Listener<E>): void {
    this.#emitter.remove(event, listener);
  }

  /**
   * Places a call.
   *
   * @param targetUserIds Whom to call; absent: everyone in the chat.
   * @returns The session id of the call, once the server has taken it.
   */
  initiateCall(chatId: string, targetUserIds?: string[], { callType = 'voice' }: { callType?: CallType } = {}): Promise<string> {
    return this.#ask((engine) => engine.initiate(chatId, targetUserIds, callType));
  }

  /** Answers the call that rings here. After `MIC_DENIED` and the like it still rings and may be answered again. */
  acceptCall(sessionId?: string): Promise<void> {
    return this.#ask((engine) => engine.accept(sessionId));
  }

  /**
   * Enters a call that goes on: one that was missed, rejected or left, or one that another tab or
   * device of this user is in, which then moves here. A call that rings here is answered.
   *
   * @throws {CallError} `CALL_FULL`, `CALL_ENDED`, `CALL_NOT_FOUND`, `ALREADY_IN_CALL` and the microphone's codes.
   */
  joinCall(sessionId: string): Promise<void> {
    return this.#ask((engine) => engine.join(sessionId));
  }

  /** Calls more people of the chat into the current call; they ring as in any call. */
  inviteToCall(targetUserIds: string[]): Promise<void> {
    return this.#ask((engine) => engine.invite(targetUserIds));
  }

  /** The calls of this user that ring or go on, on whichever device: to join, or to move here. */
  liveCalls(): Promise<LiveCall[]> {
    return this.#ask((engine) => engine.liveCalls());
  }

  /** Rejects the call that rings here, on all of this user's devices. */
  rejectCall(reason?: string, sessionId?: string): Promise<void> {
    return this.#ask((engine) => engine.reject(reason, sessionId));
  }

  /** Ends the current call; in a group, unless this user placed it, it leaves it. */
  endCall(reason?: string): Promise<void> {
    return this.#ask((engine) => engine.end(reason));
  }

  /** Leaves the current call without ending it for others. */
  leaveCall(): Promise<void> {
    return this.#ask((engine) => engine.leave());
  }

  /** Mutes or unmutes the microphone; without a call, it is how the next one begins. */
  setMuted(muted: boolean): void {
    this.#ask((engine) => engine.setMuted(muted)).catch((error: CallError) => this.#notify('error', error));
  }

  /** Mutes or unmutes the microphone; returns whether it is muted now. */
  toggleMute(): boolean {
    this.setMuted(!this.muted);
    return this.muted;
  }

  /** Where the current call stands. */
  get state(): CallState {
    return this.#engine ? (this.#engine.state as CallState) : this.#last.state;
  }

  /** The current call, or the last one once it has ended; null before the first. */
  get call(): Call | null {
    return this.#engine ? (this.#engine.call as Call | null) : this.#last.call;
  }

  /** Everyone else in the current call. */
  get participants(): Participant[] {
    return this.call?.participants ?? [];
  }

  /** Whether the microphone is muted. */
  get muted(): boolean {
    return this.#engine ? this.#engine.muted : this.#last.muted;
  }

  /** What arrives from a participant, once it does; it already plays. */
  remoteStream(userId: string): MediaStream | null {
    return this.#engine?.remoteStream(userId) ?? null;
  }

  /** The microphone's stream while it is open. */
  get localStream(): MediaStream | null {
    return this.#engine?.localStream ?? null;
  }

  /** Plays the audio that the browser held back (`audioBlocked`): call it from a click. */
  async resumeAudio(): Promise<void> {
    await this.#engine?.resumeAudio();
  }

  /** Ends what goes on and lets go of microphone, connections and listeners; the socket stays as it is. */
  dispose(): void {
    const engine = this.#engine;
    if (!engine) return;
    engine.dispose();
    this.#last = { state: this.state, call: this.call, muted: this.muted };
    this.#engine = null;
    // Not at once: this may be running inside a listener, and the end of the call is yet to be told.
    queueMicrotask(() => {
      engine.free();
      this.#emitter.clear();
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #ask<T>(request: (engine: Engine) => Promise<unknown>): Promise<T> {
    if (!this.#engine) throw new CallError('DISPOSED', 'This manager was disposed: make a new one.');
    try {
      return (await request(this.#engine)) as T;
    } catch (error) {
      throw toCallError(error);
    }
  }

  #notify<E extends keyof CallEvents>(event: E, payload: CallEvents[E]): void {
    const told = event === 'error' ? (toCallError(payload) as CallEvents[E]) : payload;
    const heard = this.#emitter.emit(event, told);
    // Somebody should know.
    if (event === 'error' && !heard) console.error(told);
  }
}

function isSocket(socket: SocketLike): boolean {
  return [socket?.on, socket?.off, socket?.emit].every((method) => typeof method === 'function');
}
