// A stock Socket.IO client that records everything it is told.
import { io } from 'socket.io-client';

import { userToken } from './tokens.mjs';

/** How long a test waits for something that has to happen. */
export const DEADLINE_MS = 10_000;

/** A signed-in device of a user. */
export class TestClient {
  #waiting = new Set();
  #taken = new Set();
  /** Every event so far, in the order of arrival: `{ event, data, at, late }`. */
  events = [];

  constructor(socket, userId) {
    this.socket = socket;
    this.userId = userId;
    socket.onAny((event, ...args) => {
      this.events.push({ event, data: args[0], at: Date.now(), extra: args.slice(1) });
      for (const wake of this.#waiting) wake();
    });
  }

  /**
   * Connects as a user and waits until the server took the socket in.
   * @param {{ url: string } | string} server
   * @param {string} userId
   * @param {object} [options]
   * @param {string} [options.deviceId]
   * @param {string} [options.token] default: a fresh token of that user
   * @param {string[]} [options.transports] default: WebSocket alone
   * @param {boolean} [options.reconnection] whether it comes back by itself; default false
   */
  static async connect(server, userId, options = {}) {
    const client = await TestClient.open(server, userId, options);
    await client.connected();
    return client;
  }

  /** Like `connect`, but does not wait: the connection may be refused. */
  static async open(server, userId, { deviceId, token, transports = ['websocket'], reconnection = false, name, picture } = {}) {
    const auth = {
      ...(token !== null && { token: token ?? (await userToken(userId, { name, picture })) }),
      ...(deviceId !== undefined && { deviceId }),
    };
    const socket = io(typeof server === 'string' ? server : server.url, {
      auth,
      transports,
      reconnection,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
      forceNew: true,
    });
    return new TestClient(socket, userId);
  }

  /** Waits until the socket is connected; fails with the error of the handshake. */
  connected() {
    if (this.socket.connected) return Promise.resolve();
    return within(`${this.userId} connects`, (resolve, reject) => {
      this.socket.once('connect', resolve);
      if (!this.socket.io.reconnection()) this.socket.once('connect_error', reject);
    });
  }

  /** Waits for the refusal of the handshake and returns the error. */
  refused() {
    return within(`${this.userId} is refused`, (resolve, reject) => {
      this.socket.once('connect_error', resolve);
      this.socket.once('connect', () => reject(new Error('the server took the socket in')));
    });
  }

  /** Waits until the socket is down and returns the reason. */
  disconnected() {
    if (!this.socket.connected) return Promise.resolve('already');
    return within(`${this.userId} is disconnected`, (resolve) => this.socket.once('disconnect', resolve));
  }

  /** Emits an event and returns its ack, whatever it says. */
  request(event, ...args) {
    if (!this.socket.connected) return Promise.reject(new Error(`${this.userId} is not connected and cannot send ${event}`));
    return within(`the ack of ${event} for ${this.userId}`, (resolve, reject) => {
      const gone = (reason) => reject(new Error(`the socket closed before the ack of ${event}: ${reason}`));
      this.socket.once('disconnect', gone);
      this.socket.emit(event, ...args, (ack) => {
        this.socket.off('disconnect', gone);
        resolve(ack);
      });
    });
  }

  /** Emits an event and returns its ack, which has to be a success. */
  async ask(event, ...args) {
    const ack = await this.request(event, ...args);
    if (ack?.success !== true) throw new Error(`${event} of ${this.userId} failed: ${JSON.stringify(ack)}`);
    return ack;
  }

  /** Emits an event and returns the code of its ack, which has to be a failure. */
  async refusedWith(event, ...args) {
    const ack = await this.request(event, ...args);
    if (ack?.success !== false) throw new Error(`${event} of ${this.userId} went through: ${JSON.stringify(ack)}`);
    return ack.code;
  }

  /** Emits an event without an ack. */
  send(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /**
   * Takes the oldest event of that name that was not taken yet, waiting for it if need be.
   * @param {string} event
   * @param {(data: any) => boolean} [matches]
   * @returns {Promise<any>} its payload
   */
  next(event, matches = () => true) {
    return within(
      () => `${event} for ${this.userId}; it saw: ${this.names().join(', ') || 'nothing'}`,
      (resolve) => {
        const look = () => {
          const found = this.events.find((e) => e.event === event && !this.#taken.has(e) && matches(e.data));
          if (!found) return;
          this.#taken.add(found);
          this.#waiting.delete(look);
          resolve(found.data);
        };
        this.#waiting.add(look);
        look();
      },
    );
  }

  /** The names of all events so far, in order. */
  names() {
    return this.events.map((e) => e.event);
  }

  /** All payloads of that event so far. */
  all(event) {
    return this.events.filter((e) => e.event === event).map((e) => e.data);
  }

  /** How many events of that name came so far. */
  count(event) {
    return this.all(event).length;
  }

  /** Forgets what came so far. */
  forget() {
    this.events = [];
    this.#taken.clear();
  }

  /** Waits until the server has done everything that this device asked before: a round trip. */
  async settled() {
    return this.ask('call:sync');
  }

  /** Drops the transport without a goodbye, as a lost network does. */
  async drop() {
    const gone = this.disconnected();
    this.socket.io.engine.close();
    await gone;
  }

  /** Closes the socket for good. */
  close() {
    this.socket.disconnect();
  }
}

/**
 * Waits until everything that these devices asked before is done and has reached all of them.
 *
 * The server handles the events of one socket in order, and emits the effects of one before it
 * handles the next: after a round trip of each, what was going to come has come. This is how a
 * test knows that nothing more came, without sleeping.
 */
export async function settle(...clients) {
  await Promise.all(clients.map((client) => client.settled()));
  await Promise.all(clients.map((client) => client.settled()));
}

/** Runs the body with a deadline; the error says what was awaited. */
export function within(what, body, ms = DEADLINE_MS) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`waited ${ms} ms for ${typeof what === 'function' ? what() : what}`)),
      ms,
    );
    const settleWith = (finish) => (value) => {
      clearTimeout(timer);
      finish(value);
    };
    body(settleWith(resolve), settleWith(reject));
  });
}
