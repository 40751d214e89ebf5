// What fails under three nodes: a node is killed, Redis goes away, the database goes away.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { TestClient, within } from '../helpers/client.mjs';
import { Cluster } from '../helpers/cluster.mjs';
import { candidate } from '../helpers/scene.mjs';
import { describeOverEachStore } from '../helpers/stores.mjs';

const RING_MS = 8_000;
const GRACE_MS = 3_000;
/** How often nodes sweep, and how much later than that a test takes for never. */
const SWEEP_MS = 5_000;
const SLACK_MS = 5_000;

const details = async (node, userId, sessionId) => (await node.as(userId, `/api/calls/${sessionId}`)).body?.data;

/** Waits for an event that may take as long as a sweep. */
async function eventually(client, event, matches = () => true) {
  const until = Date.now() + RING_MS + GRACE_MS + SWEEP_MS + SLACK_MS;
  for (;;) {
    try {
      return await client.next(event, matches);
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

/** Asks again until it succeeds; returns the codes of the failures. */
async function untilDone(client, event, payload) {
  const codes = [];
  for (;;) {
    const ack = await client.request(event, payload);
    if (ack.success) return codes;
    codes.push(ack.code);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describeOverEachStore('a node that is killed', (store) => {
  let cluster;
  before(async () => { cluster = await Cluster.start({ store, ringTimeoutMs: RING_MS, reconnectGraceMs: GRACE_MS }); });
  afterEach(() => Promise.all(cluster.nodes.filter((node) => !node.isRunning).map((node) => node.restart())));
  after(() => cluster?.stop());

  test('while it rings for somebody of another: the caller is back on a third and is answered', async (t) => {
    const { bob, call, connect } = await cluster.ring(t, { alice: 0, bob: 1 });
    await cluster.nodes[0].kill();
    const alice = await connect('alice', 2);
    await alice.ask('call:resume', { sessionId: call.sessionId });
    await bob.ask('call:accept', call);
    await alice.next('call:accepted');
    await alice.ask('webrtc:ice-candidate', { ...call, candidate: candidate() });
    await bob.next('webrtc:ice-candidate');
    await bob.ask('call:end', call);
    await alice.next('call:ended');
  });

  test('while it rings, with everyone who was on it: another lets the ringing end in time', async (t) => {
    const scene = await cluster.meet(t, { alice: 0, bob: 0 });
    const started = Date.now();
    const { sessionId } = await scene.alice.ask('call:initiate', { chatId: scene.chatId, callType: 'voice' });
    await scene.bob.next('call:incoming');
    await cluster.nodes[0].kill();
    const ended = await within('the call is over in the store', async (resolve) => {
      for (;;) {
        const call = await details(cluster.nodes[1], scene.ids.bob, sessionId);
        if (!['ringing', 'ongoing'].includes(call.status)) return resolve(call);
        await new Promise((done) => setTimeout(done, 100));
      }
    }, RING_MS + SWEEP_MS + SLACK_MS);
    assert.ok(['missed', 'ended'].includes(ended.status), ended.status);
    assert.ok(Date.now() - started < RING_MS + SWEEP_MS + SLACK_MS);
  });

  test('in a call: the other is told, and hears that the device is back on a third', async (t) => {
    const { bob, call, ids, connect } = await cluster.talk(t, { alice: 0, bob: 1 });
    const killed = Date.now();
    await cluster.nodes[0].kill();
    const { userId } = await eventually(bob, 'call:participant-reconnecting');
    assert.equal(userId, ids.alice);
    console.log(`      the others were told after ${Date.now() - killed} ms`);
    const alice = await connect('alice', 2);
    await alice.ask('call:resume', { sessionId: call.sessionId });
    await bob.next('call:participant-reconnected');
    await bob.ask('webrtc:ice-candidate', { ...call, candidate: candidate() });
    await alice.next('webrtc:ice-candidate');
    await alice.ask('call:end', call);
    await bob.next('call:ended');
  });

  test('in a call, and nobody comes back: the grace time is kept by another node', async (t) => {
    const { bob, call, ids } = await cluster.talk(t, { alice: 0, bob: 1 });
    const killed = Date.now();
    await cluster.nodes[0].kill();
    assert.equal((await eventually(bob, 'call:ended')).reason, 'disconnected');
    const took = Date.now() - killed;
    console.log(`      ended after ${took} ms`);
    assert.ok(took >= GRACE_MS && took < GRACE_MS + 2 * SWEEP_MS + SLACK_MS, String(took));
    assert.equal((await details(cluster.nodes[2], ids.bob, call.sessionId)).endReason, 'disconnected');
  });

  test('and comes back beside the others: calls on those are left alone', async (t) => {
    const { alice, bob, call } = await cluster.talk(t, { alice: 1, bob: 2 });
    await cluster.nodes[0].kill();
    await cluster.nodes[0].restart();
    const scene = await cluster.talk(t, { carol: 0, dave: 1 });
    await scene.carol.ask('call:end', scene.call);
    assert.equal(alice.count('call:participant-reconnecting') + bob.count('call:participant-reconnecting'), 0);
    await alice.ask('webrtc:ice-candidate', { ...call, candidate: candidate() });
    await bob.next('webrtc:ice-candidate');
  });
});

describeOverEachStore('Redis that goes away', (store) => {
  let cluster;
  before(async () => { cluster = await Cluster.start({ store, ringTimeoutMs: 30_000 }); });
  after(() => cluster?.stop());

  /** Waits until signals pass between two people again. */
  async function hearAgain(one, other, call) {
    await untilDone(one, 'webrtc:ice-candidate', { ...call, candidate: candidate(7) });
    await other.next('webrtc:ice-candidate', (data) => data.candidate.candidate === candidate(7).candidate);
  }

  test('leaves calls within a node as they are, and tells a signal to another node that it did not arrive', async (t) => {
    const local = await cluster.talk(t, { alice: 0, bob: 0 });
    const across = await cluster.talk(t, { carol: 0, dave: 1 });
    await cluster.redis.halt();
    for (let n = 0; n < 20; n += 1) {
      await local.alice.ask('webrtc:ice-candidate', { ...local.call, candidate: candidate(n) });
      assert.deepEqual((await local.bob.next('webrtc:ice-candidate')).candidate, candidate(n));
    }
    assert.equal(await across.carol.refusedWith('webrtc:ice-candidate', { ...across.call, candidate: candidate() }), 'TARGET_UNREACHABLE');
    // A whole call, from the first ring to the end.
    const meanwhile = await cluster.talk(t, { erin: 2, frank: 2 });
    await meanwhile.erin.ask('call:end', meanwhile.call);
    await meanwhile.frank.next('call:ended');
    await cluster.redis.resume();
    await hearAgain(across.carol, across.dave, across.call);
    await hearAgain(across.dave, across.carol, across.call);
    for (const person of [across.carol, across.dave]) assert.equal(person.count('call:ended'), 0);
  });

  test('delays the news of other nodes, and loses none', async (t) => {
    const talking = await cluster.talk(t, { alice: 0, bob: 1 });
    const ringing = await cluster.ring(t, { carol: 0, dave: 1 });
    const meeting = await cluster.meet(t, { erin: 0, frank: 1 });
    await cluster.redis.halt();
    await talking.bob.ask('call:end', talking.call);
    await ringing.dave.ask('call:accept', ringing.call);
    const { sessionId } = await meeting.erin.ask('call:initiate', { chatId: meeting.chatId, callType: 'voice' });
    // Without Redis, by looking into the database.
    assert.equal((await talking.alice.next('call:ended')).reason, 'completed');
    const state = await ringing.carol.next('call:state', ({ calls }) => calls.some((call) => call.status === 'ongoing'));
    assert.equal(state.calls[0].sessionId, ringing.call.sessionId);
    assert.equal((await meeting.frank.next('call:incoming')).sessionId, sessionId);
    assert.equal(await talking.alice.refusedWith('webrtc:ice-candidate', { ...talking.call, candidate: candidate() }), 'CALL_ENDED');
    await cluster.redis.resume();
    await hearAgain(ringing.carol, ringing.dave, ringing.call);
    await meeting.frank.ask('call:accept', { sessionId });
    const isGoing = ({ calls }) => calls.some((call) => call.sessionId === sessionId && call.status === 'ongoing');
    await Promise.any([eventually(meeting.erin, 'call:accepted'), eventually(meeting.erin, 'call:state', isGoing)]);
  });

  test('and comes back at once: what was not heard is made up for', async (t) => {
    const { alice, bob, call } = await cluster.talk(t, { alice: 0, bob: 1 });
    await cluster.redis.halt();
    await bob.ask('call:end', call);
    await cluster.redis.resume();
    assert.equal((await alice.next('call:ended')).reason, 'completed');
  });

  test('that answers no more, and holds its connections, delays nobody of the same node', async (t) => {
    const local = await cluster.talk(t, { alice: 0, bob: 0 });
    const across = await cluster.talk(t, { carol: 0, dave: 1 });
    process.kill(cluster.redis.pid(), 'SIGSTOP');
    t.after(() => process.kill(cluster.redis.pid(), 'SIGCONT'));
    const took = [];
    for (let n = 0; n < 50; n += 1) {
      // The one to the other node waits for nothing but its own answer.
      if (n % 10 === 0) across.carol.send('webrtc:ice-candidate', { ...across.call, candidate: candidate(n) });
      const before = performance.now();
      local.alice.send('webrtc:ice-candidate', { ...local.call, candidate: candidate(n) });
      await local.bob.next('webrtc:ice-candidate', (data) => data.candidate.candidate === candidate(n).candidate);
      took.push(performance.now() - before);
    }
    assert.ok(took.toSorted((a, b) => a - b)[25] < 50, `median ${took.toSorted((a, b) => a - b)[25]} ms`);
    process.kill(cluster.redis.pid(), 'SIGCONT');
    await hearAgain(across.carol, across.dave, across.call);
  });
});

describeOverEachStore('a database that goes away', (store) => {
  let cluster;
  before(async () => { cluster = await Cluster.start({ store }); });
  after(() => cluster?.stop());

  test('fails what would change a call with a code, keeps calls going, and has lost nothing when it is back', async (t) => {
    const talking = await cluster.talk(t, { alice: 0, bob: 1 });
    const ringing = await cluster.ring(t, { carol: 1, dave: 2 });
    const ended = await cluster.talk(t, { erin: 2, frank: 0 });
    await ended.erin.ask('call:end', ended.call);
    const meeting = await cluster.meet(t, { grace: 0, heidi: 1 });
    await cluster.database.halt();
    assert.equal(await meeting.grace.refusedWith('call:initiate', { chatId: meeting.chatId, callType: 'voice' }), 'INTERNAL');
    assert.equal(await ringing.dave.refusedWith('call:accept', ringing.call), 'INTERNAL');
    for (const [from, to] of [[talking.alice, talking.bob], [talking.bob, talking.alice]]) {
      await from.ask('webrtc:ice-candidate', { ...talking.call, candidate: candidate() });
      await to.next('webrtc:ice-candidate');
    }
    assert.equal((await cluster.nodes[0].api('/readyz')).status, 503);
    await cluster.database.resume();
    const codes = await untilDone(ringing.dave, 'call:accept', ringing.call);
    assert.ok(codes.every((code) => code === 'INTERNAL'), codes.join());
    await ringing.carol.next('call:accepted');
    await untilDone(meeting.grace, 'call:initiate', { chatId: meeting.chatId, callType: 'voice' });
    await meeting.heidi.next('call:incoming');
    await talking.bob.ask('call:end', talking.call);
    await talking.alice.next('call:ended');
    const stored = async (scene, name) => (await details(cluster.nodes[1], scene.ids[name], scene.call.sessionId)).status;
    assert.deepEqual(await Promise.all([stored(ended, 'erin'), stored(talking, 'alice'), stored(ringing, 'carol')]), ['ended', 'ended', 'ongoing']);
  });
});
