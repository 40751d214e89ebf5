// A TCP proxy that a test cuts and restores: a server behind it that others started seems to be away.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Passes connections on, while it is not cut. */
export class TcpProxy {
  #target;
  #server = createServer((client) => this.#take(client));
  #sockets = new Set();
  #isCut = false;

  constructor(target) {
    this.#target = target;
  }

  /**
   * Starts a proxy on a free loopback port.
   * @param {{ host: string, port: number }} target where connections go
   */
  static async start(target) {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Breaks all connections, and new ones at once. The port is kept: nobody else may get it meanwhile. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Passes connections on again. */
  restore() {
    this.#isCut = false;
  }

  /** Breaks all connections and gives up the port. */
  async stop() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #take(client) {
    if (this.#isCut) client.on('error', () => {}).resetAndDestroy();
    else this.#pass(client);
  }

  #pass(client) {
    const server = connect(this.#target);
    for (const [one, other] of [[client, server], [server, client]]) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      // How it broke is of no concern: the other side sees it break as well.
      one.on('error', () => {});
      one.pipe(other);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
