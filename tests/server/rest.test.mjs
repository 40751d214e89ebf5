// The REST API: history, details, statistics, chats, and how it says no.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { meet, ring, talk, uniqueIds } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { callRecord, detailsBody, historyBody, match, restFailure, statisticsBody } from '../helpers/shapes.mjs';
import { serviceToken, signToken, unsignedToken, userToken } from '../helpers/tokens.mjs';

/** Asserts a refusal of REST: status, code, and the documented body. */
function assertRefused(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  match(answer.body, restFailure);
  assert.equal(answer.body.code, code);
}

/** Places a call from the first to the second and brings it to that end. */
async function placeCall(alice, bob, chatId, { callType = 'voice', how = 'ended' } = {}) {
  const { sessionId } = await alice.ask('call:initiate', { chatId, callType });
  await bob.next('call:incoming', (data) => data.sessionId === sessionId);
  if (how === 'rejected') await bob.ask('call:reject', { sessionId });
  if (how === 'ended' || how === 'ongoing') await bob.ask('call:accept', { sessionId });
  if (how === 'ended' || how === 'missed') await alice.ask('call:end', { sessionId });
  if (how !== 'ongoing') await bob.next('call:ended', (data) => data.sessionId === sessionId);
  return sessionId;
}

describe('REST', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  describe('authentication', () => {
    const paths = ['/api/calls', '/api/calls/stats', '/api/calls/0190a0a0-0000-7000-8000-000000000000', '/api/chats/c'];
    const bad = {
      'no token': [undefined, 'UNAUTHENTICATED'],
      'a token that is no JWT': ['x.y.z', 'UNAUTHENTICATED'],
      'an expired token': [() => userToken('alice', { expiresIn: -120 }), 'TOKEN_EXPIRED'],
      'a wrong signature': [() => userToken('alice', { secret: 'another secret another secret 32' }), 'UNAUTHENTICATED'],
      'alg none': [() => unsignedToken('alice'), 'UNAUTHENTICATED'],
      'no sub': [() => signToken({}), 'UNAUTHENTICATED'],
    };
    for (const [what, [token, code]] of Object.entries(bad)) {
      test(`with ${what} every path is 401 ${code}`, async () => {
        for (const path of paths) {
          assertRefused(await server.api(path, { token: typeof token === 'function' ? await token() : token }), 401, code);
        }
      });
    }

    test('a token is taken from the header alone, and Bearer in any case', async () => {
      const token = await userToken('alice');
      assertRefused(await server.api(`/api/calls?token=${token}`), 401, 'UNAUTHENTICATED');
      assertRefused(await server.api('/api/calls', { headers: { authorization: token } }), 401, 'UNAUTHENTICATED');
      assertRefused(await server.api('/api/calls', { headers: { authorization: `Basic ${token}` } }), 401, 'UNAUTHENTICATED');
      assert.equal((await server.api('/api/calls', { headers: { authorization: `bearer ${token}` } })).status, 200);
    });
  });

  describe('GET /api/calls', () => {
    let alice; let bob; let chatId; let ids; let otherChat;
    const ended = [];
    before(async () => {
      const names = uniqueIds(['alice', 'bob']);
      ({ chatId, ids } = names);
      otherChat = `${chatId}-other`;
      await server.putChat(chatId, [ids.alice, ids.bob], 'Friends');
      await server.putChat(otherChat, [ids.alice, ids.bob]);
      [alice, bob] = await Promise.all([ids.alice, ids.bob].map((id) => TestClient.connect(server, id)));
      for (let n = 0; n < 5; n += 1) ended.push(await placeCall(alice, bob, chatId));
      await placeCall(alice, bob, chatId, { callType: 'video' });
      await placeCall(bob, alice, chatId, { how: 'missed' });
      await placeCall(alice, bob, chatId, { how: 'rejected' });
      await placeCall(bob, alice, otherChat);
    });
    after(() => [alice, bob].forEach((client) => client.close()));

    const history = async (query = '', user = ids.alice) => {
      const { status, body, text } = await server.as(user, `/api/calls${query}`);
      assert.equal(status, 200, text);
      match(body, historyBody);
      return body.data;
    };

    test('lists the calls of the asker, newest first, 50 to a page', async () => {
      const { calls, pagination } = await history();
      assert.deepEqual({ ...pagination, nextCursor: undefined }, { total: 9, limit: 50, offset: 0, hasMore: false, nextCursor: undefined });
      assert.deepEqual(calls.map((call) => call.initiatedAt), calls.map((call) => call.initiatedAt).toSorted().reverse());
      assert.deepEqual(calls.map((call) => call.id), calls.map((call) => call.id).toSorted().reverse());
    });

    test('says who called whom, from the side of the asker', async () => {
      const mine = (await history()).calls;
      const theirs = (await history('', ids.bob)).calls;
      assert.deepEqual(mine.map((call) => call.isOutgoing), theirs.map((call) => call.isIncoming));
      assert.ok(mine.every((call) => call.isIncoming !== call.isOutgoing));
      const rejected = (calls) => calls.find((call) => call.status === 'rejected');
      assert.equal(rejected(mine).userStatus, 'joined');
      assert.equal(rejected(theirs).userStatus, 'rejected');
    });

    test('filters by chat, type and status, alone and together', async () => {
      const total = async (query) => (await history(query)).pagination.total;
      assert.equal(await total(`?chatId=${chatId}`), 8);
      assert.equal(await total(`?chatId=${otherChat}`), 1);
      assert.equal(await total('?chatId=none'), 0);
      assert.equal(await total('?type=video'), 1);
      assert.equal(await total('?type=voice'), 8);
      assert.equal(await total('?status=ended'), 7);
      assert.equal(await total('?status=missed'), 1);
      assert.equal(await total('?status=rejected'), 1);
      assert.equal(await total('?status=ongoing'), 0);
      assert.equal(await total(`?chatId=${chatId}&type=voice&status=ended`), 5);
      assert.equal(await total(`?type=video&status=missed`), 0);
    });

    test('pages: total stays, hasMore ends, pages do not overlap', async () => {
      const seen = [];
      for (let offset = 0; offset < 9; offset += 4) {
        const { calls, pagination } = await history(`?limit=4&offset=${offset}`);
        assert.equal(pagination.total, 9);
        assert.equal(pagination.limit, 4);
        assert.equal(pagination.offset, offset);
        assert.equal(pagination.hasMore, offset + 4 < 9);
        seen.push(...calls.map((call) => call.id));
      }
      assert.deepEqual(seen, (await history()).calls.map((call) => call.id));
    });

    test('beyond the end a page is empty', async () => {
      for (const offset of [9, 10, 1_000_000]) {
        const { calls, pagination } = await history(`?offset=${offset}`);
        assert.deepEqual(calls, []);
        assert.equal(pagination.total, 9);
        assert.equal(pagination.hasMore, false);
      }
      assert.equal((await history('?limit=9')).pagination.hasMore, false);
      assert.equal((await history('?limit=8')).pagination.hasMore, true);
    });

    test('refuses values that mean nothing, naming them', async () => {
      const token = await userToken(ids.alice);
      for (const query of ['limit=0', 'limit=-1', 'limit=abc', 'limit=1.5', 'limit=100000', 'offset=-1', 'offset=x', 'offset=99999999999999999999', 'type=fax', 'type=', 'status=unknown', 'status=ENDED', 'status=', `chatId=${'x'.repeat(129)}`, 'chatId=%00', 'chatId=', 'limit=']) {
        const answer = await server.api(`/api/calls?${query}`, { token });
        assert.equal(answer.status, 400, query);
        assertRefused(answer, 400, 'INVALID_PAYLOAD');
        assert.ok(answer.body.error.includes(query.split('=')[0]), `${query}: ${answer.body.error}`);
      }
    });

    test('ignores parameters that it does not know', async () => {
      assert.equal((await history('?utm_source=x&limit=3')).calls.length, 3);
    });

    test('is not moved by SQL in a filter', async () => {
      assert.equal((await history(`?chatId=${encodeURIComponent("' OR '1'='1")}`)).pagination.total, 0);
    });

    test('shows a stranger nothing, not even by the chat id', async () => {
      const { pagination } = await history(`?chatId=${chatId}`, 'a-stranger');
      assert.equal(pagination.total, 0);
    });

    test('shows a call while it goes on', async (t) => {
      const scene = await talk(t, server, ['alice', 'bob']);
      const { data: { calls: [live] } } = (await server.as(scene.ids.alice, '/api/calls?status=ongoing')).body;
      match(live, callRecord);
      assert.equal(live.id, scene.sessionId);
      assert.equal(live.endedAt, null);
      assert.equal(live.endReason, null);
      assert.equal(live.userStatus, 'joined');
      await scene.alice.ask('call:end', scene.call);
    });

    test('keeps the names as they were at call time', async () => {
      await server.putChat(chatId, [{ id: ids.alice, name: 'Renamed' }, { id: ids.bob, name: 'Also renamed' }], 'Renamed chat');
      const { body } = await server.as(ids.bob, `/api/calls/${ended[0]}`);
      assert.equal(body.data.caller.name, ids.alice.charAt(0).toUpperCase() + ids.alice.slice(1));
      assert.equal(body.data.chatId.name, 'Friends');
    });
  });

  describe('GET /api/calls/[id]', () => {
    test('shows a call to everyone who was called, and to nobody else', async (t) => {
      const { alice, bob, carol, call, ids } = await ring(t, server, ['alice', 'bob', 'carol']);
      await bob.ask('call:accept', call);
      await carol.ask('call:reject', call);
      await alice.ask('call:end', call);
      for (const [name, userStatus] of [['alice', 'joined'], ['bob', 'joined'], ['carol', 'rejected']]) {
        const { status, body } = await server.as(ids[name], `/api/calls/${call.sessionId}`);
        assert.equal(status, 200);
        match(body, detailsBody);
        assert.equal(body.data.userStatus, userStatus, name);
      }
      assertRefused(await server.as('a-stranger', `/api/calls/${call.sessionId}`), 404, 'CALL_NOT_FOUND');
    });

    test('answers 404 in the same way for a call of others and for none', async (t) => {
      const { call } = await ring(t, server, ['alice', 'bob']);
      const [others, none] = await Promise.all([call.sessionId, '0190a0a0-0000-7000-8000-000000000000'].map((id) => server.as('a-stranger', `/api/calls/${id}`)));
      assertRefused(others, 404, 'CALL_NOT_FOUND');
      assert.equal(others.text, none.text);
      for (const id of ['x', '%20', '..%2f..%2fetc', "'%20OR%201=1", 'x'.repeat(128)]) {
        assertRefused(await server.as('a-stranger', `/api/calls/${id}`), 404, 'CALL_NOT_FOUND');
      }
    });

    test('counts the duration from the first accept to the end, in whole seconds', async (t) => {
      const { alice, call, ids } = await talk(t, server, ['alice', 'bob']);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await alice.ask('call:end', call);
      const { data } = (await server.as(ids.alice, `/api/calls/${call.sessionId}`)).body;
      const ms = Date.parse(data.endedAt) - Date.parse(data.startedAt);
      assert.ok(ms >= 1100);
      assert.equal(data.duration, Math.floor(ms / 1000));
    });

    test('carries the mean quality of all reports', async (t) => {
      const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
      await alice.ask('call:quality', { sessionId: call.sessionId, quality: { avgBitrate: 100_000, packetLoss: 1, jitter: 10 } });
      await bob.ask('call:quality', { sessionId: call.sessionId, quality: { avgBitrate: 50_000, packetLoss: 0, jitter: 30 } });
      await alice.ask('call:end', call);
      const { data } = (await server.as(ids.alice, `/api/calls/${call.sessionId}`)).body;
      assert.deepEqual(data.quality, { avgBitrate: 75_000, packetLoss: 0.5, jitter: 20 });
    });

    test('has no quality when nobody reported any', async (t) => {
      const { alice, call, ids } = await talk(t, server, ['alice', 'bob']);
      await alice.ask('call:end', call);
      assert.equal((await server.as(ids.alice, `/api/calls/${call.sessionId}`)).body.data.quality, null);
    });
  });

  describe('GET /api/calls/stats', () => {
    test('counts by type, status and direction, and adds up the durations', async (t) => {
      const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
      await placeCall(alice, bob, chatId);
      await placeCall(alice, bob, chatId, { callType: 'video' });
      await placeCall(bob, alice, chatId, { how: 'missed' });
      await placeCall(bob, alice, chatId, { how: 'rejected' });
      for (const timeframe of ['24h', '7d', '30d', '90d', '1y', 'all']) {
        const { status, body } = await server.as(ids.alice, `/api/calls/stats?timeframe=${timeframe}`);
        assert.equal(status, 200);
        match(body, statisticsBody);
        assert.equal(body.data.timeframe, timeframe);
        assert.equal(body.data.stats.total, 4);
        assert.deepEqual(body.data.stats.byType, { voice: 3, video: 1 });
        assert.deepEqual(body.data.stats.byStatus, { ended: 2, missed: 1, rejected: 1 });
        assert.deepEqual(body.data.stats.byDirection, { incoming: 2, outgoing: 2 });
        assert.equal(body.data.stats.recentCalls.length, 4);
        assert.equal(Object.values(body.data.callFrequency).reduce((sum, n) => sum + n, 0), 4);
        assert.deepEqual(body.data.quality, { avgPacketLoss: null, avgJitter: null, avgBitrate: null });
      }
    });

    test('adds up the durations of the calls that took place, and of no others', async (t) => {
      const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
      const durations = [];
      for (const ms of [1100, 2100]) {
        const sessionId = await placeCall(alice, bob, chatId, { how: 'ongoing' });
        await new Promise((resolve) => setTimeout(resolve, ms));
        await alice.ask('call:end', { sessionId });
        durations.push((await server.as(ids.alice, `/api/calls/${sessionId}`)).body.data.duration);
      }
      await placeCall(alice, bob, chatId, { how: 'missed' });
      const { stats } = (await server.as(ids.bob, '/api/calls/stats')).body.data;
      assert.equal(stats.totalDuration, durations[0] + durations[1]);
      assert.equal(stats.longestCall, durations[1]);
      assert.equal(stats.shortestCall, durations[0]);
      assert.ok(Math.abs(stats.averageDuration - stats.totalDuration / 2) <= 0.5);
      assert.ok(durations[0] >= 1 && durations[1] >= 2);
    });

    test('is 30d when no timeframe is named, and all zeroes for who never called', async () => {
      const { body } = await server.as('a-stranger', '/api/calls/stats');
      match(body, statisticsBody);
      assert.equal(body.data.timeframe, '30d');
      assert.deepEqual(body.data.stats, {
        total: 0, byType: { voice: 0, video: 0 }, byStatus: { ended: 0, missed: 0, rejected: 0 },
        byDirection: { incoming: 0, outgoing: 0 }, totalDuration: 0, averageDuration: 0, longestCall: 0, shortestCall: 0, recentCalls: [],
      });
      assert.deepEqual(body.data.callFrequency, {});
    });

    test('counts one chat when it is named', async (t) => {
      const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
      await placeCall(alice, bob, chatId);
      assert.equal((await server.as(ids.alice, `/api/calls/stats?chatId=${chatId}`)).body.data.stats.total, 1);
      assert.equal((await server.as(ids.alice, '/api/calls/stats?chatId=another')).body.data.stats.total, 0);
    });

    test('refuses a timeframe that means nothing', async () => {
      for (const timeframe of ['1h', '30', 'd', '-1d', "30d'--"]) {
        assertRefused(await server.as('alice', `/api/calls/stats?timeframe=${encodeURIComponent(timeframe)}`), 400, 'INVALID_PAYLOAD');
      }
    });
  });

  describe('/api/chats', () => {
    const chat = (id, options) => server.api(`/api/chats/${id}`, options);

    test('PUT makes and replaces a chat, GET reads it, DELETE removes it', async () => {
      const token = await serviceToken();
      const { chatId } = uniqueIds(['x']);
      const first = { name: 'Team', participants: [{ id: 'a', name: 'Ann', avatar: 'https://pictures.example/a.png' }, { id: 'b' }] };
      const put = await chat(chatId, { method: 'PUT', token, body: first });
      assert.ok([200, 201].includes(put.status), put.text);
      const read = await chat(chatId, { token });
      assert.equal(read.status, 200);
      assert.equal(read.body.success, true);
      assert.equal(read.body.data.name, 'Team');
      assert.deepEqual(read.body.data.participants.toSorted((x, y) => (x.id < y.id ? -1 : 1)), first.participants);
      await chat(chatId, { method: 'PUT', token, body: { participants: [{ id: 'c' }] } });
      assert.deepEqual((await chat(chatId, { token })).body.data.participants, [{ id: 'c' }]);
      assert.equal((await chat(chatId, { token })).body.data.name ?? null, null);
      assert.ok([200, 204].includes((await chat(chatId, { method: 'DELETE', token })).status));
      assertRefused(await chat(chatId, { token }), 404, 'CHAT_NOT_FOUND');
    });

    test('a chat that was deleted can no longer be called in', async (t) => {
      const { alice, chatId } = await meet(t, server, ['alice', 'bob']);
      await chat(chatId, { method: 'DELETE', token: await serviceToken() });
      assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice' }), 'CHAT_NOT_FOUND');
    });

    test('a member who was removed can no longer call', async (t) => {
      const { alice, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
      await server.putChat(chatId, [ids.bob, ids.carol]);
      assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice' }), 'CHAT_NOT_FOUND');
    });

    test('a token of a person is 403 FORBIDDEN, whatever role it makes up', async () => {
      for (const token of [await userToken('alice'), await signToken({ sub: 'alice', role: 'admin' }), await signToken({ sub: 'alice', role: ['service'] }), await signToken({ sub: 'alice', role: 'Service' })]) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const answer = await chat('c', { method, token, ...(method === 'PUT' && { body: { participants: [] } }) });
          assert.ok([401, 403].includes(answer.status), `${method} ${answer.text}`);
          assertRefused(answer, answer.status, answer.status === 403 ? 'FORBIDDEN' : 'UNAUTHENTICATED');
        }
      }
    });

    test('a service token is no person: it has no calls and no socket', async (t) => {
      const token = await serviceToken();
      assertRefused(await server.api('/api/calls', { token }), 403, 'FORBIDDEN');
      const client = await TestClient.open(server, 'service', { token });
      t.after(() => client.close());
      const error = await client.refused();
      assert.equal(error.data?.code ?? error.message, 'FORBIDDEN');
    });

    test('a body of another shape is 400, and changes nothing', async () => {
      const token = await serviceToken();
      const { chatId } = uniqueIds(['x']);
      await server.putChat(chatId, ['a', 'b']);
      const bodies = ['', '{', '[]', 'null', '"text"', '{}', '{"participants":{}}', '{"participants":[1]}', '{"participants":["a"]}', '{"participants":[{}]}', '{"participants":[{"id":""}]}', '{"participants":[{"id":7}]}', '{"participants":[{"id":"a\\u0000"}]}', '{"participants":[],"name":7}', `{"participants":[{"id":"${'x'.repeat(129)}"}]}`];
      for (const body of bodies) {
        assertRefused(await chat(chatId, { method: 'PUT', token, body, headers: { 'content-type': 'application/json' } }), 400, 'INVALID_PAYLOAD');
      }
      assert.equal((await chat(chatId, { token })).body.data.participants.length, 2);
    });

    test('a body that is too large is 413', async () => {
      const token = await serviceToken();
      for (const bytes of [1024 * 1024 + 100, 10 * 1024 * 1024]) {
        const body = { participants: [{ id: 'a', name: 'x'.repeat(bytes) }] };
        assertRefused(await chat('c', { method: 'PUT', token, body }), 413, 'PAYLOAD_TOO_LARGE');
        assertRefused(await chat('c', { method: 'PUT', body }), 401, 'UNAUTHENTICATED');
        assertRefused(await chat('c', { method: 'PATCH', body }), 405, 'METHOD_NOT_ALLOWED');
      }
    });

    test('a member who is named twice is one member', async () => {
      const { chatId } = uniqueIds(['x']);
      await server.putChat(chatId, [{ id: 'a' }, { id: 'a', name: 'Ann' }, { id: 'b' }]);
      const { body } = await chat(chatId, { token: await serviceToken() });
      assert.deepEqual(body.data.participants.map((member) => member.id), ['a', 'b']);
    });

    test('a chat id that is none is 400', async () => {
      const token = await serviceToken();
      for (const id of ['x'.repeat(129), '%00', 'a%0Ab']) {
        assertRefused(await chat(id, { method: 'PUT', token, body: { participants: [] } }), 400, 'INVALID_PAYLOAD');
      }
    });
  });

  describe('everything else', () => {
    test('/healthz says that it lives, without a token', async () => {
      assert.equal((await server.api('/healthz')).status, 200);
    });

    test('/readyz says that it is ready', async () => {
      assert.equal((await server.api('/readyz')).status, 200);
    });

    test('POST /api/dev/join is unknown without --dev', async () => {
      const answer = await server.api('/api/dev/join', { method: 'POST', body: { chatId: 'c', userId: 'u' } });
      assert.equal(answer.status, 404);
      assert.equal(answer.body.success, false);
    });

    test('a path that is unknown is 404 in JSON', async () => {
      const token = await userToken('alice');
      for (const path of ['/api', '/api/', '/api/nothing', '/api/calls/a/b', '/api/chats', '/api/calls/stats/x']) {
        const answer = await server.api(path, { token });
        assert.equal(answer.status, 404, path);
        assert.ok(answer.body, `${path} is not JSON: ${answer.text}`);
        match(answer.body, restFailure, path);
      }
    });

    test('a method that is not allowed is 405 in JSON', async () => {
      const token = await userToken('alice');
      for (const [method, path] of [['POST', '/api/calls'], ['DELETE', '/api/calls/x'], ['PUT', '/api/calls/stats'], ['POST', '/api/chats/c'], ['DELETE', '/healthz']]) {
        const answer = await server.api(path, { method, token });
        assert.equal(answer.status, 405, `${method} ${path}`);
        match(answer.body, restFailure);
      }
    });

    test('any page may call with a token of its own, unless pages are configured', async () => {
      for (const path of ['/api/calls', '/socket.io/?EIO=4&transport=polling']) {
        const answer = await server.api(path, { headers: { origin: 'https://app.example' } });
        assert.ok(['*', 'https://app.example'].includes(answer.headers.get('access-control-allow-origin')), path);
        assert.equal(answer.headers.get('access-control-allow-credentials'), null, 'no cookie is involved');
      }
    });

    test('a CORS preflight of a configured page is answered, for REST and for the polling transport', async (t) => {
      const open = await TestServer.start({ env: { CORS_ORIGINS: 'https://app.example,https://other.example' } });
      t.after(() => open.stop());
      for (const path of ['/api/calls', '/api/chats/c', '/socket.io/?EIO=4&transport=polling']) {
        const preflight = (origin) => open.api(path, {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization,content-type' },
        });
        const answer = await preflight('https://app.example');
        assert.ok([200, 204].includes(answer.status), path);
        assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example', path);
        assert.match(answer.headers.get('access-control-allow-headers') ?? '', /authorization/i);
        assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null, path);
      }
      const polling = await open.api('/socket.io/?EIO=4&transport=polling', { headers: { origin: 'https://other.example' } });
      assert.equal(polling.headers.get('access-control-allow-origin'), 'https://other.example');
    });

    test('an answer of the API is kept in no cache', async () => {
      const answer = await server.as('alice', '/api/calls');
      assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
    });
  });
});

describe('POST /api/dev/join', () => {
  let server;
  before(async () => { server = await TestServer.start({ dev: true, jwtSecret: null }); });
  after(() => server.stop());

  const join = (body) => server.api('/api/dev/join', { method: 'POST', body });

  test('makes chat and members on the fly, and its tokens place a call', async (t) => {
    const tokens = [];
    for (const [userId, name] of [['ann', 'Ann'], ['ben', 'Ben']]) {
      const { status, body } = await join({ chatId: 'lobby', userId, name, avatar: `https://pictures.example/${userId}.png` });
      assert.equal(status, 200);
      const token = body.token ?? body.data?.token;
      assert.equal(token.split('.').length, 3);
      tokens.push(token);
    }
    const [ann, ben] = await Promise.all(['ann', 'ben'].map((user, n) => TestClient.connect(server, user, { token: tokens[n] })));
    t.after(() => [ann, ben].forEach((client) => client.close()));
    const { sessionId } = await ann.ask('call:initiate', { chatId: 'lobby', callType: 'voice' });
    const incoming = await ben.next('call:incoming');
    assert.equal(incoming.callerName, 'Ann');
    assert.equal(incoming.callerAvatar, 'https://pictures.example/ann.png');
    await ben.ask('call:reject', { sessionId });
    await settle(ann, ben);
    assert.equal((await server.api('/api/calls', { token: tokens[0] })).body.data.pagination.total, 1);
  });

  test('joining twice is joining once', async () => {
    await join({ chatId: 'twice', userId: 'ann' });
    const { body } = await join({ chatId: 'twice', userId: 'ann' });
    const client = await TestClient.connect(server, 'ann', { token: body.token ?? body.data?.token });
    assert.equal(await client.refusedWith('call:initiate', { chatId: 'twice', callType: 'voice' }), 'NO_TARGETS');
    client.close();
  });

  test('refuses a body of another shape', async () => {
    for (const body of [{}, { chatId: 'c' }, { userId: 'u' }, { chatId: 7, userId: 'u' }, { chatId: '', userId: 'u' }, '{']) {
      const answer = await join(body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.equal(answer.body.code, 'INVALID_PAYLOAD');
    }
  });

  test('gives no service token', async () => {
    const { body } = await join({ chatId: 'c', userId: 'service', role: 'service' });
    const answer = await server.api('/api/chats/c', { token: body.token ?? body.data?.token });
    assert.equal(answer.status, 403);
  });

  test('is not there for a page of another site', async () => {
    const answer = await server.api('/api/dev/join', { method: 'POST', body: { chatId: 'c', userId: 'u' }, headers: { host: 'evil.example', origin: 'https://evil.example' } });
    assert.ok(!['*', 'https://evil.example'].includes(answer.headers.get('access-control-allow-origin')) || answer.status !== 200);
  });
});
