// Who may begin to talk to the signaling edge: web pages by their origin, handshakes by their address.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, test } from 'node:test';

import { TestClient } from '../helpers/client.mjs';
import { TestServer } from '../helpers/server.mjs';

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

  test('are counted by the header of RFC 7239 where that is configured', async (t) => {
    const env = { HANDSHAKE_BURST: '1', HANDSHAKES_PER_SECOND: '1', TRUSTED_PROXIES: '127.0.0.1', FORWARDED_HEADER: 'forwarded' };
    const server = await serve(t, { env });
    assert.equal((await ask(server, HANDSHAKE, { forwarded: 'for=192.0.2.1' })).status, 200);
    assert.equal((await ask(server, HANDSHAKE, { forwarded: 'for=192.0.2.2', 'x-forwarded-for': '192.0.2.1' })).status, 200);
    assert.equal((await ask(server, HANDSHAKE, { forwarded: 'for="192.0.2.2:99"' })).status, 429);
  });
});
