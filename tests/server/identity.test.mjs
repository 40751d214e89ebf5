// Who signs the tokens: public keys, a secret that changes, issuer and audience.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { SignJWT } from 'jose';

import { TestClient } from '../helpers/client.mjs';
import { TestServer, runToEnd } from '../helpers/server.mjs';
import { JWT_SECRET, signToken, userToken } from '../helpers/tokens.mjs';

const pem = (key) => key.export({ type: 'spki', format: 'pem' });
const makePair = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};
const pairs = Object.fromEntries(Object.entries(makePair).map(([alg, make]) => [alg, make()]));
const sign = (alg, key, claims = {}, expiresIn = '1h') =>
  new SignJWT({ sub: 'ann', ...claims }).setProtectedHeader({ alg }).setExpirationTime(expiresIn).sign(key);

/** How a token fares over both ways in: the status over REST, and the code that the socket is refused with. */
async function fares(t, server, token) {
  const { status } = await server.api('/api/calls', { token });
  const client = await TestClient.open(server, 'ann', { token });
  t.after(() => client.close());
  return [status, await client.connected().then(() => 'in', (error) => error.data.code)];
}

describe('public keys', () => {
  let server;
  before(async () => {
    const bundle = Object.values(pairs).map((pair) => pem(pair.publicKey)).join('\n');
    server = await TestServer.start({ jwtSecret: null, files: { 'keys.pem': bundle }, env: { JWT_PUBLIC_KEY: 'keys.pem' } });
  });
  after(() => server.stop());

  for (const [alg, { privateKey }] of Object.entries(pairs)) {
    test(`let in whom ${alg} signed, until the token expires`, async (t) => {
      assert.deepEqual(await fares(t, server, await sign(alg, privateKey)), [200, 'in']);
      assert.deepEqual(await fares(t, server, await sign(alg, privateKey, {}, '-1m')), [401, 'TOKEN_EXPIRED']);
    });

    test(`keep out whom another ${alg} key signed`, async (t) => {
      assert.deepEqual(await fares(t, server, await sign(alg, makePair[alg]().privateKey)), [401, 'UNAUTHENTICATED']);
    });

    test(`are no secrets: HS256 with the text of the ${alg} key lets nobody in`, async (t) => {
      const { publicKey } = pairs[alg];
      const der = publicKey.export({ type: 'spki', format: 'der' });
      for (const secret of [Buffer.from(pem(publicKey)), Buffer.from(pem(publicKey).trim()), der]) {
        assert.deepEqual(await fares(t, server, await sign('HS256', secret)), [401, 'UNAUTHENTICATED']);
      }
    });
  }

  test('say who is the backend too', async () => {
    const token = await sign('ES256', pairs.ES256.privateKey, { role: 'service' });
    const { status } = await server.api('/api/chats/c', { method: 'PUT', token, body: { participants: [{ id: 'ann' }] } });
    assert.equal(status, 200);
  });

  test('without a secret beside them take no HS256 at all', async (t) => {
    assert.deepEqual(await fares(t, server, await userToken('ann')), [401, 'UNAUTHENTICATED']);
  });

  test('stand beside a secret, as text in the environment too', async (t) => {
    const both = await TestServer.start({ env: { JWT_PUBLIC_KEY: pem(pairs.EdDSA.publicKey) } });
    t.after(() => both.stop());
    assert.deepEqual(await fares(t, both, await userToken('ann')), [200, 'in']);
    assert.deepEqual(await fares(t, both, await sign('EdDSA', pairs.EdDSA.privateKey)), [200, 'in']);
    assert.deepEqual(await fares(t, both, await sign('ES256', pairs.ES256.privateKey)), [401, 'UNAUTHENTICATED']);
  });

  test('of RSA may stand in the older form, and stop the start when they are too short for RS256', async (t) => {
    const { publicKey, privateKey } = pairs.RS256;
    const older = await TestServer.start({ env: { JWT_PUBLIC_KEY: publicKey.export({ type: 'pkcs1', format: 'pem' }) } });
    t.after(() => older.stop());
    assert.deepEqual(await fares(t, older, await sign('RS256', privateKey)), [200, 'in']);
    const short = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey);
    const { code, output } = await runToEnd(['--listen', '127.0.0.1:0'], { env: { JWT_PUBLIC_KEY: short, DATABASE_URL: 'sqlite:///dev/null/x' } });
    assert.equal(code, 2);
    assert.match(output, /JWT_PUBLIC_KEY[^]*2,048 bits/);
  });

  test('that are private keys stop the start, and are not printed', async () => {
    const secret = pairs.EdDSA.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const { code, output } = await runToEnd(['--listen', '127.0.0.1:0'], { env: { JWT_PUBLIC_KEY: secret, DATABASE_URL: 'sqlite:///dev/null/x' } });
    assert.equal(code, 2);
    assert.match(output, /JWT_PUBLIC_KEY/);
    assert.ok(!output.includes(secret.split('\n')[1]));
  });
});

test('a secret is changed without signing anybody out: the previous one is still taken', async (t) => {
  const next = 'the-secret-that-comes-after-the-first-one';
  const server = await TestServer.start({ jwtSecret: next, env: { JWT_SECRET_PREVIOUS: JWT_SECRET } });
  t.after(() => server.stop());
  assert.deepEqual(await fares(t, server, await signToken({ sub: 'ann' }, { secret: JWT_SECRET })), [200, 'in']);
  assert.deepEqual(await fares(t, server, await signToken({ sub: 'ann' }, { secret: next })), [200, 'in']);
  const third = 'a-secret-that-this-server-has-never-heard-of';
  assert.deepEqual(await fares(t, server, await signToken({ sub: 'ann' }, { secret: third })), [401, 'UNAUTHENTICATED']);
});

describe('issuer and audience', () => {
  const set = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'calls' };

  test('have to be those that the server expects, where it expects any', async (t) => {
    const server = await TestServer.start({ env: set });
    t.after(() => server.stop());
    const good = { sub: 'ann', iss: 'https://id.example', aud: 'calls' };
    for (const claims of [good, { ...good, aud: ['chat', 'calls'] }]) {
      assert.deepEqual(await fares(t, server, await signToken(claims)), [200, 'in'], JSON.stringify(claims));
    }
    for (const claims of [{ ...good, iss: 'https://evil.example' }, { ...good, aud: 'chat' }, { sub: 'ann', aud: 'calls' }, { sub: 'ann', iss: 'https://id.example' }]) {
      assert.deepEqual(await fares(t, server, await signToken(claims)), [401, 'UNAUTHENTICATED'], JSON.stringify(claims));
    }
  });

  test('stand in the tokens of a development server', async (t) => {
    const server = await TestServer.start({ dev: true, jwtSecret: null, env: set });
    t.after(() => server.stop());
    const { body } = await server.api('/api/dev/join', { method: 'POST', body: { chatId: 'c', userId: 'ann' } });
    assert.deepEqual(await fares(t, server, body.token), [200, 'in']);
  });
});
