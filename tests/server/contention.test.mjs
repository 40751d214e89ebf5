// Many people at the same moment: whatever they do, everyone is in at most one call, and all of them end.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { candidate, meet, uniqueIds } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { matchEvents } from '../helpers/shapes.mjs';

/** A repeatable series of numbers from 0 to 1, so that a failure can be run again. */
function series(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const inCall = (call, userId) =>
  ['joined', 'reconnecting'].includes(call.participants.find((p) => p.userId === userId)?.status);

/** Asserts that the server believes one thing, and that nobody is in two calls. */
async function assertOneCallEach(clients, label = '') {
  const versions = new Map();
  for (const client of clients) {
    const { calls } = await client.ask('call:sync');
    const mine = calls.filter((call) => inCall(call, client.userId));
    assert.ok(mine.length <= 1, `${label} ${client.userId} is in ${mine.length} calls`);
    for (const { sessionId, version } of calls) {
      assert.equal(versions.get(sessionId) ?? version, version, `${label} two views of ${sessionId}`);
      versions.set(sessionId, version);
    }
  }
}

/** Everyone hangs up whatever concerns them, and then nothing concerns anyone. */
async function hangUp(clients) {
  for (const client of clients) {
    for (const { sessionId } of (await client.ask('call:sync')).calls) {
      const ack = await client.request('call:end', { sessionId });
      assert.ok(ack.success || ['CALL_ENDED', 'NOT_IN_CALL'].includes(ack.code), JSON.stringify(ack));
    }
  }
  await settle(...clients);
  for (const client of clients) assert.deepEqual((await client.ask('call:sync')).calls, [], client.userId);
}

/** What a test notes between the events of a client: it entered a call by itself. */
const ENTERED = '(entered)';

/** Asserts that nothing about a call came after its end, unless it rang or was entered again. */
function assertNothingAfterTheEnd(client) {
  const ended = new Set();
  for (const { event, data } of client.events) {
    const id = data.sessionId;
    if (event === 'call:error' || id === undefined) continue;
    if (event === ENTERED || event === 'call:incoming') ended.delete(id);
    assert.ok(!ended.has(id), `${client.userId} heard ${event} of ${id} after its end`);
    if (event === 'call:ended') ended.add(id);
  }
}

describe('at the same moment', () => {
  let server;
  let waiting;
  before(async () => {
    [server, waiting] = await Promise.all([TestServer.start(), TestServer.start({ args: ['--call-waiting'] })]);
  });
  after(() => Promise.all([server.stop(), waiting.stop()]));

  test('two ring one person: one call rings, to the other caller the person is busy', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    const request = { chatId, callType: 'voice', targetUserIds: [ids.bob] };
    const acks = await Promise.all([alice.ask('call:initiate', request), carol.ask('call:initiate', request)]);
    await settle(alice, bob, carol);
    const [{ sessionId }, ...more] = bob.all('call:incoming');
    assert.deepEqual(more, []);
    const [first, second] = acks[0].sessionId === sessionId ? [alice, carol] : [carol, alice];
    assert.equal((await second.next('call:rejected')).reason, 'busy');
    assert.equal((await second.next('call:ended')).reason, 'busy');
    await bob.ask('call:accept', { sessionId });
    await first.next('call:accepted');
    await assertOneCallEach([alice, bob, carol]);
    await hangUp([alice, bob, carol]);
  });

  test('with call waiting two ring one person, who answers one and may answer the other afterwards', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, waiting, ['alice', 'bob', 'carol']);
    const request = { chatId, callType: 'voice', targetUserIds: [ids.bob] };
    const [first, second] = await Promise.all([alice.ask('call:initiate', request), carol.ask('call:initiate', request)]);
    await Promise.all([first, second].map(({ sessionId }) => bob.next('call:incoming', (data) => data.sessionId === sessionId)));
    const acks = await Promise.all([first, second].map(({ sessionId }) => bob.request('call:accept', { sessionId })));
    assert.deepEqual(acks.map((ack) => ack.success).toSorted(), [false, true]);
    const [taken, other] = acks[0].success ? [first, second] : [second, first];
    assert.equal(acks.find((ack) => !ack.success).code, 'ALREADY_IN_CALL');
    await assertOneCallEach([alice, bob, carol]);
    await bob.ask('call:end', { sessionId: taken.sessionId });
    await bob.ask('call:accept', { sessionId: other.sessionId });
    await hangUp([alice, bob, carol]);
  });

  test('two devices of one person answer two different calls: only one goes through', async (t) => {
    for (let round = 0; round < 10; round += 1) {
      const { alice, bob, carol, chatId, ids, connect } = await meet(t, waiting, ['alice', 'bob', 'carol']);
      const laptop = await connect('bob', { deviceId: 'laptop' });
      const request = { chatId, callType: 'voice', targetUserIds: [ids.bob] };
      const [first, second] = await Promise.all([alice.ask('call:initiate', request), carol.ask('call:initiate', request)]);
      const acks = await Promise.all([
        bob.request('call:accept', { sessionId: first.sessionId }),
        laptop.request('call:accept', { sessionId: second.sessionId }),
      ]);
      assert.deepEqual(acks.map((ack) => ack.success).toSorted(), [false, true], JSON.stringify(acks));
      await settle(alice, bob, carol, laptop);
      await assertOneCallEach([alice, bob, carol]);
      await hangUp([alice, bob, carol]);
    }
  });

  test('two devices of one person place calls: only one goes through', async (t) => {
    for (let round = 0; round < 10; round += 1) {
      const { alice, bob, carol, chatId, ids, connect } = await meet(t, server, ['alice', 'bob', 'carol']);
      const laptop = await connect('alice', { deviceId: 'laptop' });
      const acks = await Promise.all([
        alice.request('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] }),
        laptop.request('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.carol] }),
      ]);
      assert.deepEqual(acks.map((ack) => ack.success).toSorted(), [false, true]);
      assert.equal(acks.find((ack) => !ack.success).code, 'ALREADY_IN_CALL');
      await settle(alice, laptop);
      const [device, { sessionId }] = acks[0].success ? [alice, acks[0]] : [laptop, acks[1]];
      await device.ask('call:end', { sessionId });
      await settle(alice, bob, carol, laptop);
    }
  });

  test('three call each other in a ring, and nobody waits for ever', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    const everyone = [alice, bob, carol];
    const targets = [ids.bob, ids.carol, ids.alice];
    for (let round = 0; round < 12; round += 1) {
      const acks = await Promise.all(everyone.map((client, n) =>
        client.request('call:initiate', { chatId, callType: 'voice', targetUserIds: [targets[n]] })));
      for (const ack of acks) assert.ok(ack.success || ack.code === 'ALREADY_IN_CALL', JSON.stringify(ack));
      assert.ok(acks.some((ack) => ack.success));
      await settle(...everyone);
      await assertOneCallEach(everyone, `round ${round}`);
      await hangUp(everyone);
    }
    everyone.forEach(assertNothingAfterTheEnd);
    matchEvents(...everyone);
  });

  test('three dial the whole group: all end, and nobody is in two calls', async (t) => {
    const { alice, bob, carol, chatId } = await meet(t, server, ['alice', 'bob', 'carol']);
    const everyone = [alice, bob, carol];
    for (let round = 0; round < 12; round += 1) {
      const acks = await Promise.all(everyone.map((client) => client.request('call:initiate', { chatId, callType: 'voice' })));
      for (const ack of acks) assert.ok(ack.success || ack.code === 'ALREADY_IN_CALL', JSON.stringify(ack));
      await settle(...everyone);
      await assertOneCallEach(everyone, `round ${round}`);
      await hangUp(everyone);
    }
    everyone.forEach(assertNothingAfterTheEnd);
  });

  test('a hundred devices sign in, and each is heard', async (t) => {
    const clients = await Promise.all(Array.from({ length: 100 }, (_, n) => TestClient.connect(server, `one-of-many-${n}`)));
    t.after(() => clients.forEach((client) => client.close()));
    await Promise.all(clients.map((client) => client.settled()));
  });
});

describe('a crowd', () => {
  const seeds = (process.env.RINGBACK_SEEDS ?? '1,2,3').split(',').map(Number);
  for (const seed of seeds) {
    test(`doing anything at any time leaves nothing behind (seed ${seed})`, async (t) => {
      const server = await TestServer.start({ reconnectGraceMs: 300, ringTimeoutMs: 600 });
      t.after(() => server.stop());
      const random = series(seed);
      const pick = (list) => list[Math.floor(random() * list.length)];
      const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];
      const { chatId, ids } = uniqueIds(names);
      await server.putChat(chatId, Object.values(ids));
      const crowd = names.map((name) => ({ userId: ids[name], client: null, known: [] }));
      const come = async (person) => {
        person.client = await TestClient.connect(server, person.userId, { deviceId: `device of ${person.userId}` });
      };
      await Promise.all(crowd.map(come));

      const deeds = {
        dialOne: (person) => person.client.request('call:initiate', { chatId, callType: 'voice', targetUserIds: [pick(crowd).userId] }),
        dialAll: (person) => person.client.request('call:initiate', { chatId, callType: 'video' }),
        accept: (person, sessionId) => person.client.request('call:accept', { sessionId }),
        reject: (person, sessionId) => person.client.request('call:reject', { sessionId }),
        join: (person, sessionId) => person.client.request('call:join', { sessionId }),
        invite: (person, sessionId) => person.client.request('call:invite', { sessionId, targetUserIds: [pick(crowd).userId] }),
        signal: (person, sessionId) => person.client.request('webrtc:ice-candidate', { sessionId, targetUserId: pick(crowd).userId, candidate: candidate() }),
        mute: (person, sessionId) => person.client.request('call:toggle-audio', { sessionId, muted: true }),
        end: (person, sessionId) => person.client.request('call:end', { sessionId }),
        leave: (person, sessionId) => person.client.request('call:leave', { sessionId }),
        resume: (person, sessionId) => person.client.request('call:resume', { sessionId }),
      };
      const likely = ['dialOne', 'dialAll', 'dialAll', 'accept', 'accept', 'accept', 'accept', 'reject', 'join', 'join', 'invite', 'signal', 'mute', 'end', 'leave', 'resume'];
      let sessions = ['none'];
      const codes = new Map();

      const live = async (person) => {
        for (let turn = 0; turn < 80; turn += 1) {
          if (random() < 0.03) {
            person.client.socket.io.engine.close();
            await person.client.disconnected();
            assertNothingAfterTheEnd(person.client);
            await come(person);
          }
          const deed = pick(likely);
          const sessionId = pick(sessions.slice(-2));
          const ack = await deeds[deed](person, sessionId);
          if (ack.sessionId) sessions.push(ack.sessionId);
          if (ack.success && deed === 'join') person.client.events.push({ event: ENTERED, data: { sessionId } });
          // Mostly what goes on is interfered with; what is over stays in the list by chance.
          if (ack.code === 'CALL_ENDED' && random() < 0.9) sessions = sessions.filter((id) => id !== sessionId || id === 'none');
          codes.set(ack.code ?? 'done', (codes.get(ack.code ?? 'done') ?? 0) + 1);
          assert.ok(ack.success || typeof ack.code === 'string', JSON.stringify(ack));
        }
      };
      await Promise.all(crowd.map(live));
      assert.equal(codes.get('INTERNAL') ?? 0, 0, JSON.stringify([...codes]));
      assert.ok(codes.get('done') > 60, JSON.stringify([...codes]));
      const clients = crowd.map((person) => person.client);
      await settle(...clients);
      await assertOneCallEach(clients);
      await hangUp(clients);
      clients.forEach(assertNothingAfterTheEnd);
      clients.forEach((client) => client.close());
      for (const { userId } of crowd) {
        const { body } = await server.as(userId, '/api/calls?limit=100');
        for (const call of body.data.calls) {
          assert.ok(['ended', 'missed', 'rejected', 'failed'].includes(call.status), `${call.id} is still ${call.status}`);
          assert.ok(call.endedAt && call.endReason, JSON.stringify(call));
        }
      }
      assert.doesNotMatch(server.log, /panicked|ERROR/);
    });
  }
});
