// What the operator's page asks: nodes, live calls, what happened lately. For the service role alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { ring, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';

describe('the operator', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  const end = (id, token) => server.api(`/api/operator/calls/${id}/end`, { method: 'POST', token });
  const ask = async (path) => (await server.api(`/api/operator/${path}`, { token: await serviceToken() })).body.data;

  test('is nobody but the service role', async () => {
    for (const path of ['nodes', 'calls', 'recent']) {
      assert.equal((await server.api(`/api/operator/${path}`)).status, 401);
      assert.equal((await server.api(`/api/operator/${path}`, { token: await userToken('ann') })).status, 403);
    }
  });

  test('sees the one node there is', async () => {
    const { nodes, answeredBy } = await ask('nodes');
    assert.deepEqual(nodes.map(({ id, draining }) => [id, draining]), [[answeredBy, false]]);
    assert.ok(Math.abs(nodes[0].startedAtMs - Date.now()) < 60_000);
  });

  test('sees a call while it lives, and what became of it afterwards', async (t) => {
    const { ann, bob, ids, call, chatId } = await ring(t, server, ['ann', 'bob']);
    const [ringing] = (await ask('calls')).calls;
    assert.equal(ringing.id, call.sessionId);
    assert.equal(ringing.status, 'ringing');
    assert.deepEqual(ringing.chat, { id: chatId, name: 'A chat' });
    assert.deepEqual(ringing.participants.map(({ userId, status }) => [userId, status]), [[ids.ann, 'joined'], [ids.bob, 'ringing']]);
    await bob.ask('call:accept', call);
    const links = [{ userId: ids.bob, state: 'connected', candidateType: 'host', mos: 4.2, packetLoss: 1 }];
    await ann.ask('call:quality', { sessionId: call.sessionId, quality: { avgBitrate: 1, packetLoss: 1, jitter: 1 }, links });
    await ann.ask('call:end', call);
    assert.deepEqual(await ask('calls'), { total: 0, calls: [] });
    const { minutes, nodes } = await ask('recent');
    assert.deepEqual(nodes, [(await ask('nodes')).answeredBy]);
    const total = (pick) => minutes.reduce((sum, minute) => sum + pick(minute), 0);
    assert.equal(total(({ placed }) => placed), 1);
    assert.equal(total(({ ended }) => ended), 1);
    for (const key of ['ringing', 'connected', 'mos', 'packetLoss']) assert.equal(total((minute) => minute[key].count), 1, key);
    assert.equal(minutes.find(({ mos }) => mos.count > 0).mos.mean, 4.2);
  });

  test('ends a call that goes on, and one that rings, for everyone', async (t) => {
    const service = await serviceToken();
    const going = await talk(t, server, ['ann', 'bob', 'carol']);
    const { status, body } = await end(going.sessionId, service);
    assert.deepEqual([status, body], [200, { success: true, data: {} }]);
    for (const person of [going.ann, going.bob, going.carol]) {
      const ended = await person.next('call:ended');
      assert.deepEqual([ended.sessionId, ended.reason, ended.endedBy], [going.sessionId, 'server', going.ids.ann]);
    }
    const record = await server.api(`/api/calls/${going.sessionId}`, { token: await userToken(going.ids.bob) });
    assert.deepEqual([record.body.data.status, record.body.data.endReason], ['ended', 'server']);
    assert.equal(await going.ann.refusedWith('call:end', going.call), 'CALL_ENDED');

    const ringing = await ring(t, server, ['dan', 'eve']);
    assert.equal((await end(ringing.sessionId, service)).status, 200);
    await Promise.all([ringing.dan.next('call:ended'), ringing.eve.next('call:ended')]);
    const history = await server.api('/api/calls', { token: await userToken(ringing.ids.dan) });
    assert.equal(history.body.data.calls[0].status, 'failed');
    // They are free for the next call.
    await ringing.dan.ask('call:initiate', { chatId: ringing.chatId, callType: 'voice' });
  });

  test('is told when a call is over, or never was, and nobody else ends one', async (t) => {
    const { ann, ids, call, sessionId } = await ring(t, server, ['ann', 'bob']);
    const refusal = async (id, token) => {
      const { status, body } = await end(id, token);
      return [status, body.code];
    };
    assert.deepEqual(await refusal(sessionId, await userToken(ids.ann)), [403, 'FORBIDDEN']);
    assert.deepEqual(await refusal(sessionId), [401, 'UNAUTHENTICATED']);
    await ann.ask('call:end', call);
    const service = await serviceToken();
    assert.deepEqual(await refusal(sessionId, service), [409, 'CALL_ENDED']);
    for (const id of ['0190a0a0-0000-7000-8000-000000000000', 'x'.repeat(300), '%00']) assert.deepEqual(await refusal(id, service), [404, 'CALL_NOT_FOUND'], id);
  });

  test('is told when it asks for hours that are none', async () => {
    for (const hours of ['0', '25', 'x', '']) {
      const { status, body } = await server.api(`/api/operator/recent?hours=${hours}`, { token: await serviceToken() });
      assert.deepEqual([status, body.code], [400, 'INVALID_PAYLOAD'], hours);
    }
  });
});
