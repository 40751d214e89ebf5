import { mustBe, readOptions, type Shape } from './arguments.js';
import type { Connection, Io } from './connection.js';
import { toCallError } from './error.js';
import { init } from './init.js';
import { VoiceCallManager } from './manager.js';
import { CONNECT_OPTIONS } from './options.js';
import type { CallOptions, ConnectOptions, SocketLike } from './types.js';

/** A {@link VoiceCallManager} with its own socket, which `dispose()` closes. */
export class ConnectedCalls extends VoiceCallManager {
  /** The socket, for the application's own events. */
  readonly socket: SocketLike;
  readonly #connection: Connection;

  /** @internal Use {@link connect}. */
  constructor(connection: Connection, options: CallOptions) {
    super(connection.socket, options, connection.device);
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
  mustBe(ADDRESS, 'The first argument of connect()', url);
  const { token, deviceId, io, socket, signal, ...ofCalls } = readOptions('connect()', options, CONNECT_OPTIONS);
  mustBe(CONNECT_OPTIONS.token, 'The option token of connect()', token);
  try {
    const [own, { makeConnection }] = await Promise.all([io ?? bundledIo(), import('./connection.js'), init()]);
    // Last, because its device id has to be given back.
    return await open(await makeConnection(own, url, { token, deviceId, socket, signal }), ofCalls, signal);
  } catch (error) {
    throw toCallError(error);
  }
}

const ADDRESS: Shape = ["the address of a server, such as 'https://calls.example.com'", (url) => typeof url === 'string' && url !== ''];

async function open(connection: Connection, options: CallOptions, signal: AbortSignal | undefined): Promise<ConnectedCalls> {
  let calls: ConnectedCalls | undefined;
  try {
    // Before it connects, so that nothing that the server says first is missed.
    calls = new ConnectedCalls(connection, options);
    await connection.open(signal);
    return calls;
  } catch (error) {
    calls?.dispose();
    connection.close();
    throw error;
  }
}

const bundledIo = async (): Promise<Io> => (await import('./socket.io-client.js')).io as unknown as Io;
