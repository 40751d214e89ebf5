// How much one user may ask, over all their sockets and whatever address they ask from.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { meet } from '../helpers/scene.mjs';
import { TestServer, runToEnd } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';

describe('calls of one user', () => {
  let server;
  before(async () => { server = await TestServer.start({ env: { CALLS_PER_MINUTE: '6' } }); });
  after(() => server.stop());

  /** Places a call, which ends at once. */
  async function place(device, chatId) {
    const { sessionId } = await device.ask('call:initiate', { chatId, callType: 'voice' });
    await device.ask('call:end', { sessionId });
  }

  test('are limited over all devices: those of a minute at once, and the next one later', async (t) => {
    const { chatId, alice, bob, connect } = await meet(t, server, ['alice', 'bob']);
    const tablet = await connect('alice', { deviceId: 'tablet' });
    for (let n = 0; n < 3; n += 1) {
      await place(alice, chatId);
      await place(tablet, chatId);
    }
    for (const device of [alice, tablet]) {
      const refusal = await device.request('call:initiate', { chatId, callType: 'voice' });
      assert.equal(refusal.code, 'RATE_LIMITED');
      assert.ok(refusal.retryAfterMs > 5_000 && refusal.retryAfterMs <= 10_001, `${refusal.retryAfterMs} ms`);
    }
    await bob.settled();
    assert.equal(bob.count('call:incoming'), 6, 'nobody rings for a call that is refused');
    const { body } = await server.api('/api/calls', { token: await userToken(alice.userId) });
    assert.equal(body.data.pagination.total, 6, 'and it is not stored');
    await place(bob, chatId);
  });

  test('count with the rounds of invitations; whatever else belongs to a call does not', async (t) => {
    const { chatId, ids, alice, bob } = await meet(t, server, ['alice', 'bob', 'carol']);
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.ask('call:accept', { sessionId });
    for (let n = 0; n < 5; n += 1) await alice.ask('call:invite', { sessionId, targetUserIds: [ids.carol] });
    assert.equal(await alice.refusedWith('call:invite', { sessionId, targetUserIds: [ids.carol] }), 'RATE_LIMITED');
    for (let n = 0; n < 10; n += 1) {
      await alice.ask('call:sync', {});
      await alice.ask('call:resume', { sessionId });
      await alice.ask('call:toggle-audio', { sessionId, muted: n % 2 === 0 });
    }
    await alice.ask('call:end', { sessionId });
  });
});

describe('requests of one user', () => {
  let server;
  before(async () => { server = await TestServer.start({ env: { REQUESTS_PER_SECOND: '1' } }); });
  after(() => server.stop());

  test('are limited, with a time after which to go on; those of others and of the application are not', async () => {
    const [alice, bob, service] = await Promise.all([userToken('alice'), userToken('bob'), serviceToken()]);
    const ask = async (token, path = '/api/calls') => server.api(path, { token });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(alice)));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 12 && refused.length <= 15, `${refused.length} of 20 were refused`);
    for (const { body, headers } of refused) {
      assert.equal(body.code, 'RATE_LIMITED');
      assert.ok(body.retryAfterMs > 0 && body.retryAfterMs <= 1_001, `${body.retryAfterMs} ms`);
      assert.equal(headers.get('retry-after'), String(Math.ceil(body.retryAfterMs / 1_000)));
    }
    assert.equal((await ask(bob)).status, 200);
    for (let n = 0; n < 20; n += 1) assert.equal((await ask(service, '/api/operator/nodes')).status, 200);
    const { text } = await server.api('/metrics', { token: service });
    assert.match(text, new RegExp(`code="RATE_LIMITED"\\} ${refused.length}\\b`));
  });
});

test('a limit of nothing is refused, by its name', async () => {
  for (const variable of ['CALLS_PER_MINUTE', 'REQUESTS_PER_SECOND']) {
    const { code, output } = await runToEnd([], { env: { [variable]: '0' } });
    assert.equal(code, 2);
    assert.match(output, new RegExp(`--${variable.toLowerCase().replaceAll('_', '-')}`));
  }
});
