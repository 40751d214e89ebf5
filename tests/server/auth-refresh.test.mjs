// A token expires while its socket is open: renewed in time, or the socket is closed with the reason.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient } from '../helpers/client.mjs';
import { meet, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken, signToken, userToken } from '../helpers/tokens.mjs';

describe('a token that expires on a live socket', () => {
  let server;
  before(async () => (server = await TestServer.start()));
  after(() => server.stop());

  const connect = async (t, userId, expiresIn, options = {}) => {
    const client = await TestClient.connect(server, userId, { token: await userToken(userId, { expiresIn }), ...options });
    t.after(() => client.close());
    return client;
  };

  test('is announced, and a new one keeps the socket', async (t) => {
    const ann = await connect(t, 'ann', 3);
    const { expiresAt, expiresInMs } = await ann.next('auth:expiring');
    assert.ok(expiresInMs > 0 && expiresInMs <= 1_500, String(expiresInMs));
    assert.ok(Math.abs(Date.parse(expiresAt) - (Date.now() + expiresInMs)) < 1_000);
    const ack = await ann.ask('auth:refresh', { token: await userToken('ann', { expiresIn: 4 }) });
    assert.ok(Date.parse(ack.expiresAt) > Date.parse(expiresAt));
    // The next announcement comes after the end of the first token, on the same socket.
    const next = await ann.next('auth:expiring');
    assert.equal(next.expiresAt, ack.expiresAt);
    assert.ok(ann.socket.connected);
  });

  test('closes the socket with the reason, and the client comes back by itself with its new one', async (t) => {
    const tokens = [await userToken('bob', { expiresIn: 2 }), await userToken('bob')];
    const bob = await TestClient.open(server, 'bob', { reconnection: true, token: tokens[0] });
    t.after(() => bob.close());
    bob.socket.auth = (send) => send({ token: tokens.shift() ?? assert.fail('no token is left') });
    await bob.connected();
    const reason = await bob.disconnected();
    assert.equal(reason, 'transport close');
    const error = await bob.next('call:error');
    assert.deepEqual([error.event, error.code], ['auth:refresh', 'TOKEN_EXPIRED']);
    await bob.connected();
    assert.deepEqual(tokens, []);
  });

  test('closes the socket also when what was shown in its place does not do', async (t) => {
    const carol = await connect(t, 'carol', 2);
    await carol.next('auth:expiring');
    assert.equal(await carol.refusedWith('auth:refresh', { token: await userToken('dave') }), 'FORBIDDEN');
    assert.equal(await carol.refusedWith('auth:refresh', { token: await serviceToken() }), 'FORBIDDEN');
    assert.equal(await carol.refusedWith('auth:refresh', { token: await signToken({ sub: 'carol', role: 'service' }) }), 'FORBIDDEN');
    assert.equal(await carol.refusedWith('auth:refresh', { token: await userToken('carol', { expiresIn: -1 }) }), 'TOKEN_EXPIRED');
    assert.equal(await carol.refusedWith('auth:refresh', { token: await userToken('carol', { secret: 'another-secret-that-nobody-here-knows-of' }) }), 'UNAUTHENTICATED');
    assert.equal(await carol.refusedWith('auth:refresh', { token: 'x' }), 'UNAUTHENTICATED');
    assert.equal(await carol.refusedWith('auth:refresh', {}), 'INVALID_PAYLOAD');
    await carol.disconnected();
  });

  test('does not touch the call of a client that shows a new one', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('auth:refresh', { token: await userToken(ids.alice, { expiresIn: 2 }) });
    await alice.next('auth:expiring');
    await alice.ask('auth:refresh', { token: await userToken(ids.alice) });
    await bob.settled();
    assert.equal(bob.count('call:participant-reconnecting'), 0);
    await alice.ask('call:end', call);
  });

  test('leaves the place in a call to a client that comes back within the grace time', async (t) => {
    const { alice, bob, call, ids, connect: again } = await talk(t, server, ['alice', 'bob'], { client: { deviceId: 'phone' } });
    await alice.ask('auth:refresh', { token: await userToken(ids.alice, { expiresIn: 1 }) });
    await alice.disconnected();
    await bob.next('call:participant-reconnecting');
    const back = await again('alice');
    await back.ask('call:resume', call);
    await bob.next('call:participant-reconnected');
  });

  test('that lasts long enough asks nothing of a client that knows nothing of this', async (t) => {
    const { alice } = await meet(t, server, ['alice', 'bob']);
    await alice.settled();
    assert.deepEqual(alice.names().filter((name) => name.startsWith('auth:')), []);
  });
});
