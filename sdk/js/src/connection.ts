/** The connection behind `connect()`: a file of its own, for those who bring no socket. */
import { tabDevice, type TabDevice } from './device.js';
import { CallError } from './error.js';
import type { CallErrorCode, ConnectOptions, SocketLike } from './types.js';

/** The socket that {@link connect} makes. */
interface OwnSocket extends SocketLike {
  /** Whether Socket.IO will connect again by itself. */
  readonly active: boolean;
  connect(): unknown;
  disconnect(): unknown;
}

export type Io = (url: string, options: Record<string, unknown>) => SocketLike;

/** A refused connection, as Socket.IO tells it. */
interface ConnectFailure extends Error { data?: { code?: CallErrorCode; retryable?: boolean; retryAfterMs?: number } }

/** Makes the socket, not yet connected. */
export async function makeConnection(io: Io, url: string, options: ConnectOptions): Promise<Connection> {
  // Before it takes the id of the tab, which another connection of the page may be about to want.
  if (options.signal?.aborted) throw givenUp();
  return new Connection(io, url, options, await ownDevice(options.deviceId ?? undefined));
}

const givenUp = () => new CallError('CANCELLED', 'Connecting was given up.');

const ownDevice = async (id: string | undefined): Promise<TabDevice> => (id === undefined ? tabDevice() : { id, release: () => {} });

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** The socket, and what Socket.IO leaves to its user: fetching the token, and coming back after a refusal. */
export class Connection {
  readonly socket: OwnSocket;
  readonly #device: TabDevice;
  readonly #token: ConnectOptions['token'];
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  readonly #back = () => this.#networkBack();
  #closed = false;
  /** Rejects `open()`, while it is waiting. */
  #refuse: ((error: CallError) => void) | null = null;

  constructor(io: Io, url: string, options: ConnectOptions, device: TabDevice) {
    this.#device = device;
    this.#token = options.token;
    this.socket = io(url, {
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      // A network that changed is mostly there at once; Socket.IO spreads and lengthens the pauses.
      reconnectionDelay: 50,
      reconnectionDelayMax: 2_000,
      ...options.socket,
      autoConnect: false,
      auth: (send: (auth: object) => void) => void this.#authenticate(send),
    }) as OwnSocket;
  }

  /** The id of this tab. */
  get device(): string {
    return this.#device.id;
  }

  /** Connects, unless the signal says no; from then on the connection comes back by itself. */
  open(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#refuse = reject;
      signal?.addEventListener('abort', () => this.#cancel());
      if (signal?.aborted) return this.#cancel();
      this.socket.on('connect', () => {
        this.#refuse = null;
        this.#retryMs = FIRST_RETRY_MS;
        resolve();
      });
      this.socket.on('connect_error', (failure: ConnectFailure) => this.#failed(failure));
      this.socket.on('auth:expiring', () => void this.#renew());
      // When the server closes the socket, Socket.IO does not come back by itself.
      this.socket.on('disconnect', () => this.#retryUnlessActive());
      this.socket.connect();
      globalThis.addEventListener('online', this.#back);
    });
  }

  /** Gives `open()` up. */
  #cancel(): void {
    this.#refuse?.(givenUp());
  }

  /** Disconnects for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    globalThis.removeEventListener('online', this.#back);
    this.socket.disconnect();
    this.#device.release();
  }

  /** Does not wait for the next attempt: the network came back. */
  #networkBack(): void {
    if (this.#refuse || this.socket.connected) return;
    this.socket.disconnect();
    this.socket.connect();
  }

  async #authenticate(send: (auth: object) => void): Promise<void> {
    try {
      send({ token: await this.#fetchToken(), deviceId: this.#device.id });
    } catch (cause) {
      this.#tokenFailed(cause);
    }
  }

  /** Shows a new token. If there is none, the server closes the socket in the end, and it comes back with one. */
  async #renew(): Promise<void> {
    if (typeof this.#token !== 'function') return;
    try {
      this.socket.emit('auth:refresh', { token: await this.#fetchToken() }, (ack?: { retryAfterMs?: number }) => this.#renewed(ack?.retryAfterMs));
    } catch {
      // Said when it comes back.
    }
  }

  /** A token that the server would not look at yet is shown again, while the socket is there. */
  #renewed(retryAfterMs: number | undefined): void {
    if (retryAfterMs !== undefined) this.#later(() => this.socket.connected && void this.#renew(), noEarlier(retryAfterMs));
  }

  async #fetchToken(): Promise<string> {
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
    if (typeof token !== 'string') throw new TypeError('The function `token` returned no text.');
    return token;
  }

  #tokenFailed(cause: unknown): void {
    const error = new CallError('UNAUTHENTICATED', 'The token could not be fetched: see `cause`.', { retryable: true, cause });
    if (this.#refuse) return this.#refuse(error);
    // The handshake waits for the token: begin a new one.
    this.socket.disconnect();
    this.#retryUnlessActive();
  }

  #failed(failure: ConnectFailure): void {
    if (this.#refuse) this.#refuse(toConnectError(failure));
    else this.#retryUnlessActive(failure.data?.retryAfterMs);
  }

  #retryUnlessActive(retryAfterMs?: number): void {
    if (this.socket.active) return;
    this.#later(() => this.socket.connect(), retryAfterMs === undefined ? this.#retryMs * (0.5 + Math.random()) : noEarlier(retryAfterMs));
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #later(act: () => void, afterMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(act, afterMs);
  }
}

/** Spreads what many were told to do after the same time. */
const noEarlier = (ms: number) => ms * (1 + Math.random() / 2);

function toConnectError(failure: ConnectFailure): CallError {
  const code = failure.data?.code;
  if (!code) return new CallError('NOT_CONNECTED', 'The server could not be reached: check the address and try again.', { retryable: true, cause: failure });
  return new CallError(code, failure.message, { retryable: RETRYABLE.has(code), retryAfterMs: failure.data?.retryAfterMs, cause: failure });
}

/** The refusals of a connection after which trying again makes sense. */
const RETRYABLE: ReadonlySet<CallErrorCode> = new Set<CallErrorCode>(['TOKEN_EXPIRED', 'DRAINING', 'RATE_LIMITED', 'INTERNAL']);
