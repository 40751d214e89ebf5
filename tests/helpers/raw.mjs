// The transport below the Socket.IO client, for packets that a well-behaved client never sends.
import { Manager } from 'socket.io-client';

import { within } from './client.mjs';

/** An open Engine.IO connection on which nothing has been said yet. */
export class RawConnection {
  #waiting = new Set();
  packets = [];
  closed = false;

  constructor(manager) {
    this.manager = manager;
    manager.engine.on('data', (packet) => {
      this.packets.push(packet);
      this.#waiting.forEach((look) => look());
    });
    manager.engine.on('close', () => {
      this.closed = true;
      this.#waiting.forEach((look) => look());
    });
  }

  static async open(server) {
    const manager = new Manager(server.url, { transports: ['websocket'], reconnection: false, autoConnect: false });
    await within('the transport', (resolve, reject) => manager.open((error) => (error ? reject(error) : resolve())));
    return new RawConnection(manager);
  }

  /** Sends one Socket.IO packet as it stands: `0` is CONNECT, `2` EVENT, `3` ACK, `4` CONNECT_ERROR. */
  send(packet) {
    this.manager.engine.write(packet);
  }

  /** Waits for a packet that begins so. */
  next(prefix) {
    return this.#until(`a packet ${prefix}`, () => this.packets.find((packet) => String(packet).startsWith(prefix)));
  }

  /** Waits until the server refused the CONNECT packet, or closed the connection. */
  refused() {
    return this.#until('a refusal', () => this.packets.find((packet) => String(packet).startsWith('4')) ?? (this.closed && 'closed'));
  }

  close() {
    this.manager.engine?.close();
  }

  #until(what, find) {
    return within(() => `${what}; got ${this.packets.map((packet) => String(packet).slice(0, 80)).join(' ')}`, (resolve) => {
      const look = () => {
        const found = find();
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
