import { CallError, type Call, type CallEvents, type DeviceList, type IncomingCall, type Listener, type VoiceCallManager } from '../index.js';
import { mustBeHeard } from '../events.js';
import { blank } from './blank.js';
import type { Calls, ConnectionState, CurrentCall, Snapshot } from './views.js';

/** A listener of the application, kept over all managers that come and go. */
interface Subscription { event: keyof CallEvents; listener: Listener<never> }

/** What is open on behalf of a provider. */
interface Lease { key: readonly unknown[]; close: () => void; released: boolean }

/**
 * The state of one provider outside of React: what `useSyncExternalStore` reads.
 *
 * Making one starts nothing, so that it may be made while rendering, on a server too.
 */
export class CallsStore {
  readonly #initial: Snapshot;
  #snapshot: Snapshot;
  #manager: VoiceCallManager | null = null;
  #detach = () => {};
  #lease: Lease | null = null;
  #retry = () => {};
  readonly #renderers = new Set<() => void>();
  readonly #subscriptions = new Set<Subscription>();

  constructor() {
    this.#initial = blank({
      manager: () => this.#there(),
      retry: () => this.#retry(),
      muted: () => this.#noteMute(),
      audioResumed: () => this.#setCall({ audioBlocked: false }),
    });
    this.#snapshot = this.#initial;
  }

  readonly subscribe = (renderer: () => void): (() => void) => {
    this.#renderers.add(renderer);
    return () => this.#renderers.delete(renderer);
  };

  readonly read = (): Snapshot => this.#snapshot;

  /** What a server renders, and the browser while it hydrates. */
  readonly readInitial = (): Snapshot => this.#initial;

  /** Listens to an event of whichever manager there is; returns how to stop. */
  on<E extends keyof CallEvents>(event: E, listener: Listener<E>): () => void {
    // Also before there is a manager that would say so.
    mustBeHeard(event, listener);
    const subscription: Subscription = { event, listener };
    this.#subscriptions.add(subscription);
    this.#manager?.on(event, listener);
    return () => {
      this.#subscriptions.delete(subscription);
      this.#manager?.off(event, listener);
    };
  }

  /**
   * Opens something for a provider, or keeps what is open under the same key; returns how to let go.
   *
   * StrictMode and hot reload let go and take up again in one go: only what is not taken up again is closed.
   */
  take(key: readonly unknown[], open: () => () => void): () => void {
    if (!this.#lease || !same(this.#lease.key, key)) {
      this.#close();
      this.#lease = { key, close: open(), released: false };
    }
    const lease = this.#lease;
    lease.released = false;
    return () => {
      lease.released = true;
      queueMicrotask(() => {
        if (lease.released && this.#lease === lease) this.#close();
      });
    };
  }

  #close(): void {
    this.#lease?.close();
    this.#lease = null;
  }

  /** Says how the making of a connection goes, and how to try again. */
  connecting(connection: ConnectionState, error: CallError | null, retry = () => {}): void {
    this.#retry = retry;
    this.#setCalls({ connection, error });
  }

  /** Shows a manager from now on; returns how to stop. */
  attach(manager: VoiceCallManager): () => void {
    this.#manager = manager;
    const listening = this.#listenTo(manager);
    for (const { event, listener } of this.#subscriptions) manager.on(event, listener as Listener<typeof event>);
    this.#detach = () => {
      for (const stop of listening) stop();
      for (const { event, listener } of this.#subscriptions) manager.off(event, listener as Listener<typeof event>);
    };
    this.#setCalls({ manager, connection: connectionOf(manager), error: null, incoming: ringingOn(manager) });
    this.#showCall(manager.call);
    this.#show({ streams: streamsOf(manager), localVideo: manager.localVideo });
    manager.devices().then((list) => this.#manager === manager && this.#showDevices(list), () => {});
    return () => {
      if (this.#manager === manager) this.clear();
    };
  }

  /** Goes back to how it was before there was anything. */
  clear(): void {
    this.#detach();
    this.#detach = () => {};
    this.#manager = null;
    this.#show(this.#initial);
  }

  #listenTo(manager: VoiceCallManager): (() => void)[] {
    return [
      manager.on('signaling', () => this.#setCalls({ connection: connectionOf(manager) })),
      manager.on('incoming', (call) => this.#setIncoming((calls) => [...calls.filter((other) => other.sessionId !== call.sessionId), call])),
      manager.on('state', ({ call }) => this.#showCall(call)),
      manager.on('answeredElsewhere', ({ sessionId }) => this.#stopRinging(sessionId)),
      manager.on('ended', ({ sessionId }) => this.#stopRinging(sessionId)),
      manager.on('remoteStream', ({ userId, stream }) => this.#show({ streams: new Map(this.#snapshot.streams).set(userId, stream) })),
      manager.on('localVideo', ({ stream }) => this.#show({ localVideo: stream })),
      manager.on('levels', ({ levels }) => this.#show({ levels: new Map(levels.map(({ userId, level }) => [userId, level])) })),
      manager.on('activeSpeaker', ({ userId }) => this.#setCall({ activeSpeaker: userId })),
      manager.on('devices', (list) => this.#showDevices(list)),
      manager.on('audioBlocked', () => this.#setCall({ audioBlocked: true })),
    ];
  }

  #showCall(call: Call | null): void {
    if (call?.sessionId && call.state !== 'incoming') this.#stopRinging(call.sessionId);
    const over = !call || call.state === 'ended';
    if (over) this.#show({ streams: this.#initial.streams, levels: this.#initial.levels, localVideo: null });
    this.#setCall({
      call,
      state: call?.state ?? 'idle',
      participants: call?.participants ?? [],
      muted: this.#manager?.muted ?? false,
      video: over ? 'off' : call.video,
      activeSpeaker: over ? null : this.#snapshot.call.activeSpeaker,
      audioBlocked: !over && this.#snapshot.call.audioBlocked,
    });
  }

  #stopRinging(sessionId: string | null): void {
    this.#setIncoming((calls) => calls.filter((call) => call.sessionId !== sessionId));
  }

  #setIncoming(change: (calls: readonly IncomingCall[]) => readonly IncomingCall[]): void {
    const incoming = change(this.#snapshot.calls.incoming);
    if (!same(incoming, this.#snapshot.calls.incoming)) this.#setCalls({ incoming });
  }

  #setCalls(changed: Partial<Calls>): void {
    this.#show({ calls: { ...this.#snapshot.calls, ...changed } });
  }

  #setCall(changed: Partial<CurrentCall>): void {
    this.#show({ call: { ...this.#snapshot.call, ...changed } });
  }

  #showDevices(list: DeviceList): void {
    this.#show({ devices: { ...this.#snapshot.devices, ...list } });
  }

  #show(changed: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changed };
    for (const renderer of [...this.#renderers]) renderer();
  }

  /** Without a call, no event tells of a mute. */
  #noteMute(): void {
    const muted = this.#manager?.muted ?? false;
    if (muted !== this.#snapshot.call.muted) this.#setCall({ muted });
  }

  #there(): VoiceCallManager {
    if (this.#manager) return this.#manager;
    throw new CallError('NOT_CONNECTED', 'There is no connection to the server: wait for it to come back and try again.', { retryable: true });
  }
}

const same = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((value, index) => Object.is(value, others[index]));

const connectionOf = (manager: VoiceCallManager): ConnectionState => (manager.connected ? 'connected' : 'reconnecting');

/** A manager that is handed over while it rings has told of it already. */
function ringingOn({ call }: VoiceCallManager): IncomingCall[] {
  if (call?.state !== 'incoming' || call.sessionId === null) return [];
  const caller = call.participants.find(({ status }) => status === 'joined') ?? call.participants[0];
  return caller ? [{ sessionId: call.sessionId, chatId: call.chatId, callType: call.callType, caller, targetUserIds: [] }] : [];
}

function streamsOf(manager: VoiceCallManager): Snapshot['streams'] {
  const streams = manager.participants.map(({ id }) => [id, manager.remoteStream(id)] as const);
  return new Map(streams.filter((entry): entry is [string, MediaStream] => entry[1] !== null));
}
