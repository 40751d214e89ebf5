// Keys that an identity provider publishes: fetched, exchanged, and kept while the provider is away.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { SignJWT } from 'jose';

import { TestClient } from '../helpers/client.mjs';
import { TestServer, freePort, runToEnd } from '../helpers/server.mjs';
import { JWT_SECRET, serviceToken, userToken } from '../helpers/tokens.mjs';

const MAKE = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

/** A key with a name, as its public half is published. */
function makeKey(kid, alg = 'ES256', published = {}) {
  const { publicKey, privateKey } = MAKE[alg]();
  const jwk = { ...publicKey.export({ format: 'jwk' }), ...(kid && { kid }), ...published };
  const sign = (claims = {}, header = {}) =>
    new SignJWT({ sub: 'ann', ...claims }).setProtectedHeader({ alg, ...(kid && { kid }), ...header }).setExpirationTime('1h').sign(privateKey);
  return { jwk, sign };
}

/** An identity provider: what it publishes may change, or not come at all. */
async function provide(t, keys) {
  const provider = { keys, requests: 0, answer: null, port: await freePort() };
  let server;
  provider.open = async () => {
    server = createServer((_, response) => {
      provider.requests += 1;
      if (provider.answer === 'hang') return;
      const body = provider.answer ?? JSON.stringify({ keys: provider.keys.map(({ jwk }) => jwk) });
      response.writeHead(provider.status ?? 200, { 'content-type': 'application/json' }).end(body);
    });
    server.listen(provider.port, '127.0.0.1');
    await once(server, 'listening');
  };
  provider.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  await provider.open();
  t.after(() => server.listening && provider.close());
  provider.url = `http://127.0.0.1:${provider.port}/keys.json`;
  return provider;
}

async function serve(t, provider, options = {}) {
  const server = await TestServer.start({ jwtSecret: null, ...options, env: { JWKS_URL: provider.url, ...options.env } });
  t.after(() => server.stop());
  return server;
}

/** How a token fares over both ways in. */
async function fares(t, server, token) {
  const { status } = await server.api('/api/calls', { token });
  const client = await TestClient.open(server, 'ann', { token });
  t.after(() => client.close());
  return [status, await client.connected().then(() => 'in', (error) => error.data.code)];
}

/** Asks until the token is taken: nothing tells from outside when the server may fetch keys again. */
async function untilLetIn(server, token, withinMs = 20_000) {
  const deadline = Date.now() + withinMs;
  while ((await server.api('/api/calls', { token })).status !== 200) {
    assert.ok(Date.now() < deadline, 'the token was never taken');
    await pause(100);
  }
}

const IN = [200, 'in'];
const OUT = [401, 'UNAUTHENTICATED'];
/** An unknown key made the keys be fetched, in vain; a moment later they are not fetched again. */
const OUT_THEN_TOO_SOON = [401, 'RATE_LIMITED'];
const TOO_SOON = [429, 'RATE_LIMITED'];

describe('published keys', () => {
  test('of each kind let in whom they signed, by name and without one', async (t) => {
    const named = Object.keys(MAKE).map((alg) => makeKey(`key-${alg}`, alg, { alg, use: 'sig' }));
    const nameless = makeKey(undefined, 'EdDSA');
    const server = await serve(t, await provide(t, [...named, nameless]));
    for (const { sign } of named) assert.deepEqual(await fares(t, server, await sign()), IN);
    assert.deepEqual(await fares(t, server, await nameless.sign()), IN);
    assert.deepEqual(await fares(t, server, await named[1].sign({}, { kid: undefined })), IN);
    assert.deepEqual(await fares(t, server, await makeKey('key-ES256').sign()), OUT_THEN_TOO_SOON);
  });

  test('may be exchanged at any time: a name that is not known makes them be fetched', async (t) => {
    const [first, second] = [makeKey('first'), makeKey('second', 'EdDSA')];
    const provider = await provide(t, [first]);
    const server = await serve(t, provider);
    assert.deepEqual(await fares(t, server, await first.sign()), IN);
    provider.keys = [second];
    // At once, although they were fetched a moment ago, at the start.
    assert.deepEqual(await fares(t, server, await second.sign()), IN);
    assert.deepEqual(await fares(t, server, await first.sign()), TOO_SOON);
    assert.equal(provider.requests, 2);
  });

  test('that are published just after a stranger made them be fetched: their tokens are to be shown again, when is said, and are let in then', async (t) => {
    const [first, second] = [makeKey('first'), makeKey('second')];
    const provider = await provide(t, [first]);
    const server = await serve(t, provider);
    const stranger = await makeKey('made-up').sign();
    assert.equal((await server.api('/api/calls', { token: stranger })).status, 401);
    provider.keys = [first, second];
    const token = await second.sign();
    const { status, body, headers } = await server.api('/api/calls', { token });
    assert.deepEqual([status, body.code], [429, 'RATE_LIMITED']);
    assert.ok(body.retryAfterMs > 0 && body.retryAfterMs <= 10_000, `${body.retryAfterMs} ms`);
    assert.ok(Number(headers.get('retry-after')) >= 1);
    const client = await TestClient.open(server, 'ann', { token });
    t.after(() => client.close());
    const { data } = await client.refused();
    assert.deepEqual([data.code, data.retryable], ['RATE_LIMITED', true]);
    assert.equal(provider.requests, 2);
    await pause(data.retryAfterMs);
    assert.deepEqual(await fares(t, server, token), IN);
    assert.equal(provider.requests, 3);
  });

  test('are not fetched for every token that is made up', async (t) => {
    const provider = await provide(t, [makeKey('real')]);
    const server = await serve(t, provider);
    const stranger = await makeKey('made-up').sign();
    const answers = await Promise.all(Array.from({ length: 200 }, () => server.api('/api/calls', { token: stranger })));
    assert.ok(answers.every(({ status }) => status === 401 || status === 429));
    assert.ok(answers.some(({ status }) => status === 401));
    assert.ok(provider.requests <= 2, `${provider.requests} requests`);
  });

  test('are kept while the provider is away or answers nonsense, and the server stays ready', async (t) => {
    const key = makeKey('kept');
    const provider = await provide(t, [key]);
    const server = await serve(t, provider);
    await provider.close();
    assert.deepEqual(await fares(t, server, await key.sign()), IN);
    assert.equal((await server.api('/readyz')).status, 200);
    await server.api('/api/calls', { token: await makeKey('other').sign() });
    assert.deepEqual(await fares(t, server, await key.sign()), IN);
  });

  test('that were exchanged while they cannot be fetched: their tokens are to be shown again, and are let in later', async (t) => {
    const [first, second] = [makeKey('first'), makeKey('second')];
    const provider = await provide(t, [first]);
    const server = await serve(t, provider);
    provider.keys = [second];
    provider.answer = '<html>';
    const answer = await server.api('/api/calls', { token: await second.sign() });
    assert.deepEqual([answer.status, answer.body.code], [500, 'INTERNAL']);
    const client = await TestClient.open(server, 'ann', { token: await second.sign() });
    t.after(() => client.close());
    const { data } = await client.refused();
    assert.deepEqual([data.code, data.retryable], ['INTERNAL', true]);
    provider.answer = null;
    await untilLetIn(server, await second.sign());
  });

  test('that cannot be had at the start keep nobody else out, send new work to other nodes, and are taken up later', async (t) => {
    const key = makeKey('late');
    const provider = await provide(t, [key]);
    await provider.close();
    const server = await serve(t, provider, { jwtSecret: JWT_SECRET });
    const { status, body } = await server.api('/readyz');
    assert.deepEqual([status, body.reasons], [503, ['JWKS_URL gave no keys yet']]);
    assert.deepEqual(await fares(t, server, await userToken('ann')), IN);
    // A secret is not fetched: what another one signed is refused for good.
    const forged = await new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(Buffer.alloc(48, 'x'));
    assert.deepEqual(await fares(t, server, forged), OUT);
    const client = await TestClient.open(server, 'ann', { token: await key.sign() });
    t.after(() => client.close());
    const refusal = await client.refused();
    assert.equal(refusal.data.code, 'INTERNAL');
    assert.match(refusal.message, /try again/);
    await provider.open();
    await untilLetIn(server, await key.sign());
    assert.equal((await server.api('/readyz')).status, 200);
  });

  test('are fetched by doctor, which says when there are none', async (t) => {
    const provider = await provide(t, [makeKey('one'), makeKey('two', 'RS256')]);
    const cwd = await mkdtemp(join(tmpdir(), 'ringback-doctor-'));
    t.after(() => rm(cwd, { recursive: true, force: true }));
    const doctor = () => runToEnd(['doctor'], { cwd, env: { JWKS_URL: provider.url } });
    assert.match((await doctor()).output, /^ok {6}JWKS_URL: it gave 2 keys$/m);
    for (const [answer, why] of [['<html>', /it is no JSON Web Key Set/], ['{"keys":[]}', /it holds no public key/]]) {
      provider.answer = answer;
      const { code, output } = await doctor();
      assert.equal(code, 1);
      assert.match(output, /^FAILED {2}JWKS_URL: it gave no keys: .*\n\s+See that it is where/m);
      assert.match(output, why);
    }
    await provider.close();
    assert.match((await doctor()).output, /^FAILED {2}JWKS_URL: .*refused/m);
  });

  for (const [what, answer] of Object.entries({ 'no JSON': '<html>', 'no keys': '{"keys":[]}', 'too much': JSON.stringify({ keys: [], padding: 'x'.repeat(300_000) }) })) {
    test(`that are ${what} are not taken`, async (t) => {
      const provider = await provide(t, []);
      provider.answer = answer;
      const server = await serve(t, provider);
      assert.match(server.log, /JWKS_URL gave no keys/);
      assert.equal((await server.api('/api/calls', { token: await makeKey('x').sign() })).status, 500);
    });
  }

  test('cannot be confused with secrets, nor with keys for another purpose', async (t) => {
    const secret = Buffer.from('a-secret-that-stands-in-the-document-by-mistake');
    const rsa = makeKey('rsa', 'RS256');
    const odd = [
      { jwk: { kty: 'oct', kid: 'oct', k: secret.toString('base64url'), alg: 'HS256' } },
      { jwk: { ...rsa.jwk, kid: 'enc', use: 'enc' } },
      { jwk: { ...rsa.jwk, kid: 'pss', alg: 'PS256' } },
      { jwk: { kty: 'something-new', kid: 'new' } },
      { jwk: 'not even an object' },
    ];
    const server = await serve(t, await provide(t, [...odd, rsa]));
    assert.deepEqual(await fares(t, server, await rsa.sign()), IN);
    assert.deepEqual(await fares(t, server, await rsa.sign({}, { kid: 'enc' })), OUT_THEN_TOO_SOON);
    assert.deepEqual(await fares(t, server, await rsa.sign({}, { kid: 'pss' })), TOO_SOON);
    const modulus = Buffer.from(rsa.jwk.n, 'base64url');
    for (const [kid, key] of [['oct', secret], ['rsa', modulus], ['rsa', Buffer.from(rsa.jwk.n)], ['rsa', Buffer.from(JSON.stringify(rsa.jwk))]]) {
      const token = await new SignJWT({ sub: 'ann' }).setProtectedHeader({ alg: 'HS256', kid }).setExpirationTime('1h').sign(key);
      assert.deepEqual(await fares(t, server, token), OUT, kid);
    }
  });

  test('hold tokens to issuer and audience, and say who is the backend too', async (t) => {
    const key = makeKey('k');
    const server = await serve(t, await provide(t, [key]), { env: { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'calls' } });
    const good = { iss: 'https://id.example', aud: 'calls' };
    assert.deepEqual(await fares(t, server, await key.sign(good)), IN);
    assert.deepEqual(await fares(t, server, await key.sign({ ...good, iss: 'https://evil.example' })), OUT);
    const { status } = await server.api('/api/chats/c', { method: 'PUT', token: await key.sign({ ...good, role: 'service' }), body: { participants: [{ id: 'ann' }] } });
    assert.equal(status, 200);
  });

  test('come over HTTPS, or from this machine', async () => {
    for (const url of ['http://id.example/keys', 'ftp://127.0.0.1/keys', 'https://user:password@id.example/keys', 'keys.json']) {
      const { code, output } = await runToEnd(['--listen', '127.0.0.1:0'], { env: { JWKS_URL: url, JWT_SECRET, DATABASE_URL: 'sqlite:///dev/null/x' } });
      assert.equal(code, 2, url);
      assert.match(output, /JWKS_URL/);
    }
  });
});

test('a token of the backend signs in no device', async (t) => {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const client = await TestClient.open(server, 'host', { token: await serviceToken() });
  t.after(() => client.close());
  assert.equal((await client.refused()).data.code, 'FORBIDDEN');
});
