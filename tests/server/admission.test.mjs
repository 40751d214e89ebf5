// Who may begin to talk to the signaling edge: web pages by their origin, handshakes by their address.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';

import WebSocket from 'ws';

import { TestClient, within } from '../helpers/client.mjs';
import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';

const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

async function serve(t, options) {
  const server = await TestServer.start(options);
  t.after(() => server.stop());
  return server;
}

/** Asks with exactly these headers; fetch would not let an origin through. */
async function ask(server, path, headers = {}) {
  const asked = request(server.url + path, { headers });
  asked.end();
  const [response] = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
  if (response.statusCode === 101) {
    response.socket.destroy();
    return { status: 101 };
  }
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const upgrade = (server, headers) =>
  ask(server, '/socket.io/?EIO=4&transport=websocket', {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  });

const from = (origin) => (origin ? { origin } : {});

/** How the server answers a page of that origin, or a program that has none: polling, WebSocket. */
async function answers(server, origin) {
  const polled = await ask(server, HANDSHAKE, from(origin));
  return [polled.status, (await upgrade(server, from(origin))).status];
}

describe('origins', () => {
  test('that are listed may call over WebSocket and polling, others get a coded refusal', async (t) => {
    const server = await serve(t, { env: { CORS_ORIGINS: 'https://chat.example.com' } });
    assert.deepEqual(await answers(server, 'https://chat.example.com'), [200, 101]);
    for (const origin of ['https://evil.example', 'http://chat.example.com', 'https://chat.example.com.evil.example', 'null']) {
      assert.deepEqual(await answers(server, origin), [403, 403], origin);
      const refusal = JSON.parse((await upgrade(server, { origin })).text);
      assert.deepEqual([refusal.success, refusal.code], [false, 'FORBIDDEN']);
      assert.match(refusal.error, /CORS_ORIGINS/);
    }
  });

  test('are not asked of programs that send none, and the own page is one of ours', async (t) => {
    const server = await serve(t, { env: { CORS_ORIGINS: 'https://chat.example.com' } });
    assert.deepEqual(await answers(server, undefined), [200, 101]);
    assert.deepEqual(await answers(server, server.url), [200, 101]);
    const client = await TestClient.connect(server, 'alice');
    t.after(() => client.close());
  });

  test('are held against every request of a session, not the first alone', async (t) => {
    const server = await serve(t, { env: { CORS_ORIGINS: 'https://chat.example.com' } });
    const opened = await ask(server, HANDSHAKE);
    const { sid } = JSON.parse(opened.text.slice(1));
    assert.equal((await ask(server, `${HANDSHAKE}&sid=${sid}`, { origin: 'https://evil.example' })).status, 403);
  });

  test('of this machine alone may call a development server', async (t) => {
    const server = await serve(t, { dev: true, jwtSecret: null });
    assert.deepEqual(await answers(server, 'http://localhost:5173'), [200, 101]);
    assert.deepEqual(await answers(server, 'https://evil.example'), [403, 403]);
    // A name that somebody points at this machine is no page of this machine.
    assert.equal((await upgrade(server, { origin: 'http://evil.example:3000', host: 'evil.example:3000' })).status, 403);
  });

  test('may all call a server in production that lists none', async (t) => {
    const server = await serve(t);
    assert.deepEqual(await answers(server, 'https://whoever.example'), [200, 101]);
  });
});

describe('handshakes of one address', () => {
  test('beyond the limit are told to wait, before a token is looked at', async (t) => {
    const server = await serve(t, { env: { HANDSHAKE_BURST: '3', HANDSHAKES_PER_SECOND: '1' } });
    const alice = await TestClient.connect(server, 'alice');
    t.after(() => alice.close());
    await ask(server, HANDSHAKE);
    const opened = await ask(server, HANDSHAKE);
    const refused = await ask(server, HANDSHAKE);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers['retry-after'], '1');
    const body = JSON.parse(refused.text);
    assert.equal(body.code, 'RATE_LIMITED');
    assert.ok(body.retryAfterMs > 0 && body.retryAfterMs <= 1_001, String(body.retryAfterMs));
    assert.equal((await upgrade(server, {})).status, 429);
    // Those who are in go on.
    const { sid } = JSON.parse(opened.text.slice(1));
    assert.notEqual((await ask(server, `/socket.io/?EIO=4&transport=polling&sid=${sid}`)).status, 429);
    await alice.settled();
    assert.equal((await server.api('/healthz')).status, 200);
  });

  test('come back by themselves once they may', async (t) => {
    const server = await serve(t, { env: { HANDSHAKE_BURST: '1', HANDSHAKES_PER_SECOND: '5' } });
    const devices = await Promise.all(['a', 'b', 'c'].map((name) => TestClient.open(server, name, { reconnection: true })));
    t.after(() => devices.forEach((device) => device.close()));
    await Promise.all(devices.map((device) => device.connected()));
  });

  test('are counted by the client behind a proxy that is trusted, and by nobody else\'s word', async (t) => {
    const limits = { HANDSHAKE_BURST: '1', HANDSHAKES_PER_SECOND: '1' };
    const behind = (address) => ({ 'x-forwarded-for': address });
    const trusting = await serve(t, { env: { ...limits, TRUSTED_PROXIES: '127.0.0.0/8' } });
    assert.equal((await ask(trusting, HANDSHAKE, behind('192.0.2.1'))).status, 200);
    assert.equal((await ask(trusting, HANDSHAKE, behind('6.6.6.6, 192.0.2.1'))).status, 429);
    assert.equal((await ask(trusting, HANDSHAKE, behind('192.0.2.2'))).status, 200);
    const wary = await serve(t, { env: limits });
    assert.equal((await ask(wary, HANDSHAKE, behind('192.0.2.1'))).status, 200);
    assert.equal((await ask(wary, HANDSHAKE, behind('192.0.2.2'))).status, 429);
  });

  test('that are too many because a proxy is not trusted: the log says so once, and nothing when it is', async (t) => {
    const limits = { HANDSHAKE_BURST: '1', HANDSHAKES_PER_SECOND: '1' };
    const refuses = async (env, headers, warnings) => {
      const server = await serve(t, { env: { ...limits, ...env } });
      const answers = [];
      for (let n = 0; n < 4; n += 1) answers.push((await ask(server, HANDSHAKE, headers)).status);
      assert.equal(answers.filter((status) => status === 429).length, 3);
      if (warnings > 0) await server.logged(/TRUSTED_PROXIES/);
      assert.equal(server.log.match(/TRUSTED_PROXIES/g)?.length ?? 0, warnings);
    };
    const forwarded = { 'x-forwarded-for': '192.0.2.1' };
    await refuses({}, forwarded, 1);
    await refuses({ TRUSTED_PROXIES: '127.0.0.1', FORWARDED_HEADER: 'forwarded' }, forwarded, 1);
    await refuses({ TRUSTED_PROXIES: '127.0.0.1' }, forwarded, 0);
    await refuses({}, {}, 0);
  });

  test('are counted by the header of RFC 7239 where that is configured', async (t) => {
    const env = { HANDSHAKE_BURST: '1', HANDSHAKES_PER_SECOND: '1', TRUSTED_PROXIES: '127.0.0.1', FORWARDED_HEADER: 'forwarded' };
    const server = await serve(t, { env });
    assert.equal((await ask(server, HANDSHAKE, { forwarded: 'for=192.0.2.1' })).status, 200);
    assert.equal((await ask(server, HANDSHAKE, { forwarded: 'for=192.0.2.2', 'x-forwarded-for': '192.0.2.1' })).status, 200);
    assert.equal((await ask(server, HANDSHAKE, { forwarded: 'for="192.0.2.2:99"' })).status, 429);
  });
});

/** A WebSocket that says nothing by itself, or null when it is refused. */
async function held(server) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket));
    socket.on('error', () => resolve(null));
  });
}

/** The same once there is room for it. */
async function silent(t, server) {
  for (;;) {
    const socket = await held(server);
    if (socket) {
      t.after(() => socket.terminate());
      return socket;
    }
    await pause();
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Says something on a WebSocket and waits for what begins with that. */
function say(socket, text, answer) {
  const heard = within(`the answer ${answer}`, (resolve) => {
    socket.on('message', (data) => String(data).startsWith(answer) && resolve());
  });
  socket.send(text);
  return heard;
}

/** Waits until so many silent sockets are let in at once, which are then given up. */
const room = (server, count) => within(`room for ${count}`, async (resolve) => {
  for (;;) {
    const asked = await Promise.all(Array.from({ length: count }, () => held(server)));
    asked.forEach((socket) => socket?.terminate());
    if (asked.every(Boolean)) return resolve();
    await pause();
  }
});

describe('sockets that have not signed in', { concurrency: true }, () => {
  const most = (count) => ({ dev: true, env: { MAX_UNSIGNED_SOCKETS: String(count) } });
  const refusals = async (server) => {
    const { text } = await server.api('/metrics');
    return Number(/^ringback_refusals_total\{code="RATE_LIMITED"\} (\d+)/m.exec(text)[1]);
  };

  test('are so many at most, over WebSocket and polling together; those who are in go on', async (t) => {
    const server = await serve(t, most(20));
    const alice = await TestClient.connect(server, 'alice');
    t.after(() => alice.close());
    const sockets = await Promise.all(Array.from({ length: 10 }, () => silent(t, server)));
    for (let n = 0; n < 10; n += 1) assert.equal((await ask(server, HANDSHAKE)).status, 200);

    const before = await refusals(server);
    const refused = await ask(server, HANDSHAKE);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers['retry-after'], '1');
    const { code, retryAfterMs } = JSON.parse(refused.text);
    assert.deepEqual({ code, retryAfterMs }, { code: 'RATE_LIMITED', retryAfterMs: 1_000 });
    assert.equal((await upgrade(server, {})).status, 503);
    assert.equal(await refusals(server), before + 2);
    await alice.settled();

    const bob = await TestClient.open(server, 'bob', { reconnection: true });
    t.after(() => bob.close());
    await within('bob to be turned away', (resolve) => bob.socket.io.once('error', resolve));
    sockets[0].terminate();
    await bob.connected();
    alice.close();
    const again = await TestClient.connect(server, 'alice');
    t.after(() => again.close());
  });

  test('are no longer counted once they sign in, and again when they sign out', async (t) => {
    const server = await serve(t, most(1));
    const names = ['ann', 'bob', 'cem'];
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      for (const name of names) {
        const client = await TestClient.connect(server, name, { transports });
        t.after(() => client.close());
      }
    }
    const socket = await silent(t, server);
    assert.equal((await upgrade(server, {})).status, 503);
    const credentials = JSON.stringify({ token: await userToken('dan') });
    await say(socket, `40${credentials}`, '40');
    const other = await silent(t, server);
    await say(other, `40${credentials}`, '40');
    socket.send('41');
    // Nothing answers that; what comes after it is refused.
    await say(socket, '420["call:sync",{}]', '430');
    assert.equal((await upgrade(server, {})).status, 503);
    // The second one finds no place to wait in.
    other.send('41');
    await once(other, 'close');
    await say(socket, `40${credentials}`, '40');
    await room(server, 1);
  });

  test('leave their places whichever way they end, or never come to be', async (t) => {
    const server = await serve(t, { env: { MAX_UNSIGNED_SOCKETS: '3', CORS_ORIGINS: 'https://chat.example.com' } });
    const get = (path, lines = '') => `GET /socket.io/?${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`;
    const websocket = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const ends = {
      'another origin': get('EIO=4&transport=polling', 'Origin: https://evil.example\r\n'),
      'an unknown transport': get('EIO=4&transport=pigeon'),
      'an old protocol': get('EIO=3&transport=websocket', websocket + key),
      'no key': get('EIO=4&transport=websocket', websocket),
      'no upgrade': get('EIO=4&transport=websocket', key),
      'opened and dropped': get('EIO=4&transport=websocket', websocket + key),
      'half a request': 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n',
      'a body that does not come': 'POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n4',
    };
    for (const [end, request] of Object.entries(ends)) {
      for (let n = 0; n < 5; n += 1) {
        const socket = connect(server.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(request);
        // Some are never answered, and some are gone before they are.
        if (n > 0 && !/^half|^a body/.test(end)) await once(socket, 'data');
        socket.destroy();
      }
      await room(server, 3);
    }
    for (let n = 0; n < 5; n += 1) {
      const socket = await silent(t, server);
      await say(socket, '40{"token":"made up"}', '44');
      socket.terminate();
      await room(server, 1);
    }
    await room(server, 3);
  });

  test('that stay silent are closed, and those who wait come in by themselves', async (t) => {
    const server = await serve(t, most(2));
    await Promise.all([silent(t, server), ask(server, HANDSHAKE)]);
    const alice = await TestClient.open(server, 'alice', { reconnection: true });
    t.after(() => alice.close());
    await within('alice to come in', (resolve) => alice.socket.once('connect', resolve), 20_000);
  });
});
