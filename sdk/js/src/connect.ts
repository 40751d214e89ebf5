import type { Connection, Io } from './connection.js';
import { CallError, toCallError } from './error.js';
import { init } from './init.js';
import { VoiceCallManager } from './manager.js';
import type { ConnectOptions, SocketLike } from './types.js';

/** A {@link VoiceCallManager} with its own socket, which `dispose()` closes. */
export class ConnectedCalls extends VoiceCallManager {
  /** The socket, for the application's own events. */
  readonly socket: SocketLike;
  readonly #connection: Connection;

  /** @internal Use {@link connect}. */
  constructor(connection: Connection, options: ConnectOptions) {
    super(connection.socket, { ...options, device: connection.device });
    this.socket = connection.socket;
    this.#connection = connection;
  }

  override dispose(): void {
    super.dispose();
    this.#connection.close();
  }
}

/**
 * Connects to a Ringback server by a socket of its own.
 *
 * @param url The server, such as `https://calls.example.com`.
 * @returns The calls of this user, once the server has let the token in.
 * @throws {CallError} a code of the server for a token that it refuses; `NOT_CONNECTED`, `UNSUPPORTED`, `INVALID_ARGUMENT`, `CANCELLED`.
 */
export async function connect(url: string, options: ConnectOptions): Promise<ConnectedCalls> {
  mustBeGiven(url, options);
  try {
    const [io, { makeConnection }] = await Promise.all([options.io ?? bundledIo(), import('./connection.js'), init()]);
    // Last, because its device id has to be given back.
    return await open(await makeConnection(io, url, options), options);
  } catch (error) {
    throw toCallError(error);
  }
}

/** JavaScript has no compiler that would say so. */
function mustBeGiven(url: unknown, options: ConnectOptions | undefined): void {
  if (typeof url !== 'string' || url === '') throw new CallError('INVALID_ARGUMENT', 'The first argument of connect() is not the address of a server.');
  const kind = typeof options?.token;
  if (kind !== 'string' && kind !== 'function') throw new CallError('INVALID_ARGUMENT', '`token` is neither a text nor a function: connect(url, { token }).');
}

async function open(connection: Connection, options: ConnectOptions): Promise<ConnectedCalls> {
  let calls: ConnectedCalls | undefined;
  try {
    // Before it connects, so that nothing that the server says first is missed.
    calls = new ConnectedCalls(connection, options);
    await connection.open(options.signal);
    return calls;
  } catch (error) {
    calls?.dispose();
    connection.close();
    throw error;
  }
}

const bundledIo = async (): Promise<Io> => (await import('./socket.io-client.js')).io as unknown as Io;
