// The host application's own HTTP server: takes webhooks and answers questions, well or badly.
import { once } from 'node:events';
import { createServer } from 'node:http';

import { Webhook } from 'standardwebhooks';

import { within } from './client.mjs';
import { freePort } from './server.mjs';

export const SIGNING_SECRET = `whsec_${Buffer.from('a-secret-for-webhooks-of-tests-1').toString('base64')}`;

/** An HTTP server that checks signatures with the library that receivers use, and notes what it was sent. */
export class Receiver {
  #server = null;
  #open = new Set();
  #waiting = new Set();
  #taken = new Set();
  #verifier;
  /** Every request so far: `{ id, body, headers, verified, at }`. */
  requests = [];
  /**
   * Answers a request: `{ status, body }`, or `'hang'` to say nothing, or `'cut'` to close the connection.
   * @type {(request: any) => any}
   */
  answer = () => ({ status: 200 });

  constructor(port, secret) {
    this.port = port;
    this.#verifier = new Webhook(secret);
  }

  static async start(t, { secret = SIGNING_SECRET } = {}) {
    const receiver = new Receiver(await freePort(), secret);
    await receiver.open();
    t.after(() => receiver.close());
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/hooks/ringback`;
  }

  /** Begins to listen, on the same port as before. */
  async open() {
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Stops listening: whoever comes finds nobody. */
  async close() {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    for (const socket of this.#open) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  /** Takes the oldest request that was not taken yet and matches, waiting for it if need be. */
  next(matches = () => true, withinMs = undefined) {
    return within(
      () => `a request; it saw: ${this.requests.map(({ body }) => body?.type).join(', ') || 'nothing'}`,
      (resolve) => {
        const look = () => {
          const found = this.requests.find((one) => !this.#taken.has(one) && matches(one));
          if (!found) return;
          this.#taken.add(found);
          this.#waiting.delete(look);
          resolve(found);
        };
        this.#waiting.add(look);
        look();
      },
      withinMs,
    );
  }

  async #take(request, response) {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const seen = { id: request.headers['webhook-id'], headers: request.headers, text, verified: this.#verified(text, request.headers), at: Date.now() };
    seen.body = JSON.parse(text);
    this.requests.push(seen);
    const answer = await this.answer(seen);
    for (const wake of this.#waiting) wake();
    if (answer === 'hang') return;
    if (answer === 'cut') return request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  }

  #verified(text, headers) {
    try {
      this.#verifier.verify(text, headers);
      return true;
    } catch {
      return false;
    }
  }
}
