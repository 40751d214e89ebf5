// The early offer of a caller on one node, for devices that begin to ring on another.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';

import { DEADLINE_MS } from '../helpers/client.mjs';
import { Cluster } from '../helpers/cluster.mjs';
import { candidate, sdp } from '../helpers/scene.mjs';
import { describeOverEachStore } from '../helpers/stores.mjs';

const RING_MS = 20_000;
const run = promisify(execFile);

describeOverEachStore('the early offer', (store) => {
  let cluster;
  before(async () => { cluster = await Cluster.start({ store, ringTimeoutMs: RING_MS }); });
  afterEach(() => Promise.all(cluster.nodes.filter((node) => !node.isRunning).map((node) => node.restart())));
  after(() => cluster?.stop());

  /** Alice, on node 0, calls Bob, who is nowhere. */
  async function calling(t) {
    const scene = await cluster.meet(t, { alice: 0, bob: null });
    const attempt = { chatId: scene.chatId, callType: 'voice', requestId: `attempt in ${scene.chatId}` };
    const { sessionId } = await scene.alice.ask('call:initiate', { ...attempt, offer: sdp('offer', 4000) });
    await untilHeld(sessionId, true);
    /** Connects a device of Bob, and returns it with what it rings with. */
    const rings = async (node, deviceId) => {
      const bob = await scene.connect('bob', node, { deviceId });
      return { bob, incoming: await bob.next('call:incoming', (data) => data.sessionId === sessionId) };
    };
    return { ...scene, sessionId, attempt, rings };
  }

  async function redis(...command) {
    const { stdout } = await run('redis-cli', ['-u', cluster.redis.url, ...command]);
    return stdout.trim();
  }

  /** Returns the name under which Redis holds the offer of that call; '' when it holds none. */
  const heldAs = (sessionId) => redis('--scan', '--pattern', `*:offer:${sessionId}`);

  /** Waits until Redis holds the offer of that call, or no longer does: nodes do not wait for Redis. */
  async function untilHeld(sessionId, isHeld) {
    const end = Date.now() + DEADLINE_MS;
    while (((await heldAs(sessionId)) !== '') !== isHeld) assert.ok(Date.now() < end, `the offer is ${isHeld ? 'not held' : 'still held'}`);
  }

  test('is handed to whoever opens the page on another node, and their answer connects the call', async (t) => {
    const { alice, sessionId, rings } = await calling(t);
    const { bob, incoming } = await rings(1, 'phone');
    assert.deepEqual(incoming.offer, sdp('offer', 4000));
    assert.deepEqual((await rings(2, 'tablet')).incoming.offer, sdp('offer', 4000));
    assert.deepEqual((await rings(0, 'laptop')).incoming.offer, sdp('offer', 4000), 'also where the caller is');
    await bob.ask('call:accept', { sessionId, answer: sdp('answer', 4000) });
    assert.deepEqual((await alice.next('call:accepted')).answer, sdp('answer', 4000));
    await alice.ask('webrtc:ice-candidate', { sessionId, candidate: candidate() });
    await bob.next('webrtc:ice-candidate');
    await alice.ask('call:end', { sessionId });
  });

  test('is kept beside the nodes as long as it rings, and no longer', async (t) => {
    const { alice, sessionId, rings } = await calling(t);
    const left = Number(await redis('PTTL', await heldAs(sessionId)));
    assert.ok(left > 0 && left <= RING_MS, `${left} ms`);
    const { bob } = await rings(1, 'phone');
    await bob.ask('call:accept', { sessionId });
    await untilHeld(sessionId, false);
    await alice.ask('call:end', { sessionId });
    const again = await calling(t);
    await again.alice.ask('call:end', { sessionId: again.sessionId });
    await untilHeld(again.sessionId, false);
  });

  test('of a page that was reloaded is handed to nobody, on any node', async (t) => {
    const { alice, sessionId, rings, connect } = await calling(t);
    assert.deepEqual((await rings(1, 'phone')).incoming.offer, sdp('offer', 4000), 'before');
    await alice.drop();
    // The new page is on another node than the old one.
    const page = await connect('alice', 2);
    await page.ask('call:resume', { sessionId, fresh: true });
    for (const [node, deviceId] of [[0, 'laptop'], [1, 'tablet'], [2, 'watch']]) {
      assert.equal((await rings(node, deviceId)).incoming.offer, undefined, `node ${node}`);
    }
    // The flow of the reference is left to them.
    const { bob } = await rings(1, 'desktop');
    await bob.ask('call:accept', { sessionId });
    await page.next('call:accepted');
    await page.ask('webrtc:offer', { sessionId, offer: sdp('offer', 200) });
    assert.deepEqual((await bob.next('webrtc:offer')).offer, sdp('offer', 200));
    await page.ask('call:end', { sessionId });
  });

  test('is replaced on every node when the same attempt comes again with another', async (t) => {
    const { sessionId, attempt, rings, connect, alice } = await calling(t);
    await alice.drop();
    const back = await connect('alice', 2);
    await back.ask('call:resume', { sessionId });
    const ack = await back.ask('call:initiate', { ...attempt, offer: sdp('offer', 300) });
    assert.equal(ack.sessionId, sessionId);
    for (const [node, deviceId] of [[0, 'laptop'], [1, 'tablet'], [2, 'watch']]) {
      assert.deepEqual((await rings(node, deviceId)).incoming.offer, sdp('offer', 300), `node ${node}`);
    }
    await back.ask('call:end', { sessionId });
  });

  test('of a device whose node was killed is handed out once the device is back, and not before', async (t) => {
    const { sessionId, rings, connect } = await calling(t);
    await cluster.nodes[0].kill();
    assert.equal((await rings(1, 'phone')).incoming.offer, undefined, 'nobody is there to be answered');
    const alice = await connect('alice', 2);
    await alice.ask('call:resume', { sessionId });
    const { bob, incoming } = await rings(1, 'tablet');
    assert.deepEqual(incoming.offer, sdp('offer', 4000));
    await bob.ask('call:accept', { sessionId, answer: sdp('answer') });
    assert.deepEqual((await alice.next('call:accepted')).answer, sdp('answer'));
    await alice.ask('call:end', { sessionId });
  });

  test('that Redis lost is handed out by the node of the caller alone, and the call rings everywhere', async (t) => {
    const { alice, sessionId, rings } = await calling(t);
    await redis('FLUSHALL');
    assert.equal((await rings(1, 'phone')).incoming.offer, undefined);
    assert.deepEqual((await rings(0, 'laptop')).incoming.offer, sdp('offer', 4000));
    await alice.ask('call:end', { sessionId });
  });
});
