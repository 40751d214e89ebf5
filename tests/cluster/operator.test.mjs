// What the operator's page asks of several nodes: the charts are those of all, whichever answers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { Cluster } from '../helpers/cluster.mjs';
import { serviceToken } from '../helpers/tokens.mjs';

/** Nodes share what happened every three seconds. */
const SHARED_WITHIN_MS = 15_000;

/** Looks again and again until `look` finds nothing wrong, and fails with what it found last. */
async function until(look) {
  const end = Date.now() + SHARED_WITHIN_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await pause(200);
    }
  }
}

describe('the operator of three nodes', () => {
  let cluster;
  before(async () => { cluster = await Cluster.start(); });
  after(() => cluster?.stop());

  const ask = async (node, path) => (await cluster.nodes[node].api(`/api/operator/${path}`, { token: await serviceToken() })).body.data;

  /** What all the minutes of the last hour add up to. */
  async function recent(node) {
    const { minutes, nodes } = await ask(node, 'recent');
    const sum = (pick) => minutes.reduce((total, minute) => total + pick(minute), 0);
    const times = minutes.map(({ atMs }) => atMs);
    assert.deepEqual(times, [...new Set(times)].sort((a, b) => a - b), 'each minute once, the oldest first');
    return {
      nodes,
      placed: sum(({ placed }) => placed),
      ended: sum(({ ended }) => ended),
      measured: sum(({ mos }) => mos.count),
      mos: sum(({ mos }) => mos.count * mos.mean) / sum(({ mos }) => mos.count),
    };
  }

  async function call(t, from, to, mos) {
    const { alice, bob, call: which, ids } = await cluster.talk(t, { alice: from, bob: to });
    const links = [{ userId: ids.bob, state: 'connected', candidateType: 'host', mos, packetLoss: 1 }];
    await alice.ask('call:quality', { sessionId: which.sessionId, quality: { avgBitrate: 1, packetLoss: 1, jitter: 1 }, links });
    await alice.ask('call:end', which);
    await bob.next('call:ended');
  }

  test('sees on each what happened on all, also on one that is gone, and after Redis forgot it', async (t) => {
    await call(t, 0, 1, 4);
    await call(t, 1, 2, 3);
    await call(t, 2, 0, 2);
    const ids = await until(async () => {
      const known = (await ask(0, 'nodes')).nodes.map(({ id }) => id);
      assert.equal(known.length, 3);
      return known;
    });
    const all = { nodes: ids, placed: 3, ended: 3, measured: 3, mos: 3 };
    const sees = (node, what) => until(async () => assert.deepEqual(await recent(node), what));
    for (const node of [0, 1, 2]) await sees(node, all);

    const gone = (await ask(2, 'nodes')).answeredBy;
    await cluster.nodes[2].kill();
    for (const node of [0, 1]) await sees(node, all);

    // Not saved, as a cache may be: whoever is there tells its minutes again.
    await cluster.redis.halt();
    const alone = (await ask(0, 'recent')).nodes;
    assert.deepEqual(alone, [(await ask(0, 'nodes')).answeredBy], 'one that hears nobody has its own');
    await cluster.redis.resume();
    for (const node of [0, 1]) {
      await until(async () => assert.deepEqual((await recent(node)).nodes.filter((id) => id !== gone), ids.filter((id) => id !== gone)));
    }
  });

  test('ends a call from a node that none of its people is on', async (t) => {
    const { alice, bob, call: which } = await cluster.talk(t, { alice: 0, bob: 0 });
    const answer = await cluster.nodes[1].api(`/api/operator/calls/${which.sessionId}/end`, { method: 'POST', token: await serviceToken() });
    assert.equal(answer.status, 200, answer.text);
    for (const person of [alice, bob]) assert.equal((await person.next('call:ended')).reason, 'server');
    assert.equal(await alice.refusedWith('webrtc:ice-candidate', { ...which, candidate: { candidate: 'x' } }), 'CALL_ENDED');
  });
});
