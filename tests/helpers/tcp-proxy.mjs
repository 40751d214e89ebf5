// A TCP proxy that a test cuts and restores: a server behind it that others started seems to be away.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { freePort } from '../../scripts/lib/ports.mjs';

/** Passes connections on, while it is not cut. */
export class TcpProxy {
  #target;
  #server = null;
  #sockets = new Set();

  constructor(target, port) {
    this.#target = target;
    this.port = port;
  }

  /**
   * Starts a proxy on a free loopback port.
   * @param {{ host: string, port: number }} target where connections go
   */
  static async start(target) {
    const proxy = new TcpProxy(target, await freePort());
    await proxy.restore();
    return proxy;
  }

  /** Takes connections (again). */
  async restore() {
    this.#server = createServer((client) => this.#pass(client));
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Breaks all connections, and refuses new ones. */
  async cut() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  #pass(client) {
    const server = connect(this.#target);
    for (const [one, other] of [[client, server], [server, client]]) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      // How it broke is of no concern: the other side sees it break as well.
      one.on('error', () => {});
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
