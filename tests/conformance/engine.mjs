// The two transports of Engine.IO with nothing above them: what is sent is what stands in the test.
import { once } from 'node:events';
import { get } from 'node:http';

import WebSocket from 'ws';

import { within } from '../helpers/client.mjs';

/** The record separator between the packets of one poll. */
export const SEPARATOR = '\x1e';

/** A WebSocket that keeps what comes until the test asks for it. */
export class Wire {
  #kept = { open: [], message: [], close: [] };
  #asked = { open: [], message: [], close: [] };

  constructor(url) {
    this.ws = new WebSocket(url);
    this.ws.on('error', () => {});
    this.ws.on('open', () => this.#came('open', true));
    this.ws.on('message', (data, isBinary) => this.#came('message', isBinary ? data : data.toString()));
    this.ws.on('close', (code) => this.#came('close', code));
  }

  send(packet) {
    this.ws.send(packet);
  }

  /** Takes the next message, pings aside unless they are wanted. */
  async next({ pings = false } = {}) {
    for (;;) {
      const message = await this.#take('message', 'a message');
      if (pings || message !== '2') return message;
    }
  }

  opened() {
    return this.#take('open', 'the WebSocket to open');
  }

  closed(ms) {
    return this.#take('close', 'the WebSocket to close', ms);
  }

  close() {
    this.ws.terminate();
  }

  #came(kind, value) {
    const asking = this.#asked[kind].shift();
    if (asking) asking(value);
    else this.#kept[kind].push(value);
  }

  #take(kind, what, ms) {
    if (this.#kept[kind].length > 0) return Promise.resolve(this.#kept[kind].shift());
    return within(what, (resolve) => this.#asked[kind].push(resolve), ms);
  }
}

/** The engine of one server, spoken to by hand. */
export class Engine {
  constructor(server) {
    this.http = `${server.url}/socket.io/`;
  }

  /** One HTTP request, whatever it answers. */
  async request(query, { method = 'GET', body } = {}) {
    const response = await fetch(this.http + query, { method, body });
    return { status: response.status, text: await response.text() };
  }

  /** Opens a session by polling and returns its id. */
  async poller() {
    const { text } = await this.request('?EIO=4&transport=polling');
    return JSON.parse(text.slice(1)).sid;
  }

  poll(sid, options) {
    return this.request(`?EIO=4&transport=polling&sid=${sid}`, options);
  }

  /** Asks for what waits, and hangs up without waiting for it. */
  async giveUpPoll(sid) {
    const request = get(`${this.http}?EIO=4&transport=polling&sid=${sid}`);
    const hungUp = once(request, 'error');
    await once(request, 'finish');
    request.destroy();
    await hungUp;
  }

  post(sid, body) {
    return this.poll(sid, { method: 'POST', body });
  }

  /** Opens a WebSocket; the test closes it in the end. */
  wire(t, query = '?EIO=4&transport=websocket') {
    const wire = new Wire(this.http.replace('http', 'ws') + query);
    t.after(() => wire.close());
    return wire;
  }

  /** Opens a WebSocket that belongs to a session. */
  wireOf(t, sid) {
    return this.wire(t, `?EIO=4&transport=websocket&sid=${sid}`);
  }

  /** Opens a session over WebSocket alone. */
  async session(t) {
    const wire = this.wire(t);
    await wire.next();
    return wire;
  }
}

/** Polls until a packet comes that begins so, answering pings; returns it, or `all` that came. */
export async function pollUntil(engine, sid, prefix, { all = false } = {}) {
  const packets = [];
  for (;;) {
    const { status, text } = await engine.poll(sid);
    if (status !== 200) throw new Error(`the poll for ${prefix} was answered with ${status} ${text}`);
    const came = text.split(SEPARATOR);
    packets.push(...came);
    if (came.includes('2')) await engine.post(sid, '3');
    const found = came.find((packet) => packet.startsWith(prefix));
    if (found) return all ? packets : found;
  }
}
