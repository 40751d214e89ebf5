// The socket that `connect()` brings: when it comes back, and how it stays signed in. The socket here is not a real one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeConnection } from '../../dist/connection.js';

// Node has no network that comes back.
Object.assign(globalThis, { addEventListener() {}, removeEventListener() {} });

/** Lets what was promised happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A socket as Socket.IO makes it, in the hands of the test. */
class Socket {
  connected = false;
  active = false;
  connects = 0;
  /** What it sent, each with the ack that is awaited. */
  sent = [];
  #listeners = {};

  on(event, listener) { this.#listeners[event] = listener; }
  connect() { this.connects += 1; }
  disconnect() { this.connected = false; }
  emit(event, payload, ack) { this.sent.push({ event, payload, ack }); }

  /** Something comes in. */
  tell(event, payload) {
    if (event === 'connect') this.connected = true;
    if (event === 'disconnect') this.connected = false;
    this.#listeners[event](payload);
  }
}

/** A connection that is up, its clock in the hands of the test and its dice as low as they go. */
async function connected(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(Math, 'random', () => 0);
  const socket = new Socket();
  let tokens = 0;
  const connection = await makeConnection(() => socket, '', { token: () => `token ${++tokens}`, deviceId: 'tab' });
  t.after(() => connection.close());
  const open = connection.open();
  socket.tell('connect');
  await open;
  return { connection, socket, pass: (ms) => { t.mock.timers.tick(ms); return settle(); } };
}

const refused = { success: false, code: 'RATE_LIMITED', error: 'Too soon.', retryAfterMs: 4_000 };

test('who is refused comes back no earlier than they were told to', async (t) => {
  const { socket, pass } = await connected(t);
  socket.tell('disconnect');
  socket.tell('connect_error', Object.assign(new Error('Too many.'), { data: { code: 'RATE_LIMITED', retryAfterMs: 8_000 } }));
  const before = socket.connects;
  await pass(7_999);
  assert.equal(socket.connects, before);
  await pass(1);
  assert.equal(socket.connects, before + 1);
});

test('a new token that the server would not look at yet is shown again, anew', async (t) => {
  const { socket, pass } = await connected(t);
  socket.tell('auth:expiring', {});
  await settle();
  socket.sent[0].ack(refused);
  await pass(3_999);
  assert.equal(socket.sent.length, 1);
  await pass(1);
  assert.deepEqual(socket.sent.map(({ event, payload }) => [event, payload.token]), [['auth:refresh', 'token 1'], ['auth:refresh', 'token 2']]);
  socket.sent[1].ack({ success: true });
  await pass(60_000);
  assert.equal(socket.sent.length, 2);
});

test('a token that was refused for good is not shown again, nor one on a socket that is gone', async (t) => {
  const { connection, socket, pass } = await connected(t);
  for (const answer of [{ success: false, code: 'FORBIDDEN', error: 'No.' }, undefined]) {
    socket.tell('auth:expiring', {});
    await settle();
    socket.sent.at(-1).ack(answer);
    await pass(60_000);
  }
  assert.equal(socket.sent.length, 2);
  for (const ends of [() => socket.tell('disconnect'), () => connection.close()]) {
    socket.tell('connect');
    socket.tell('auth:expiring', {});
    await settle();
    const shown = socket.sent.length;
    socket.sent.at(-1).ack(refused);
    ends();
    await pass(60_000);
    assert.equal(socket.sent.length, shown);
  }
});
