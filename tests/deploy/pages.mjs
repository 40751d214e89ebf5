// Two pages with the SDK behind a proxy, each on another node, of which one dies.
import assert from 'node:assert/strict';

import { serviceToken } from '../helpers/tokens.mjs';
import { Scene, talk } from '../e2e/scene.mjs';

/** Sound that stays away for longer was interrupted, in milliseconds. */
const GAP_MS = 150;

/** How many sockets each node has. */
async function socketsOf(nodes) {
  const texts = await Promise.all(nodes.map(async (node) => (await node.api('/metrics', { token: await serviceToken() })).text));
  return texts.map((text) => Number(text.match(/^ringback_sockets (\d+)$/m)[1]));
}

/** Opens a page of a person and returns it with the node that it came to. */
async function joinSomewhere(scene, id, nodes) {
  const before = await socketsOf(nodes);
  const person = await scene.join(id, { browser: 'chromium that trusts every certificate' });
  const now = await socketsOf(nodes);
  return { person, node: nodes.find((_, n) => now[n] > before[n]) };
}

/** Opens pages of a person until one comes to another node than that; the others are closed. */
async function joinElsewhere(scene, id, nodes, taken) {
  for (let tries = 0; tries < 5; tries += 1) {
    const joined = await joinSomewhere(scene, id, nodes);
    if (joined.node !== taken) return joined;
    await joined.person.close();
  }
  throw new Error('the proxy sends everyone to one node');
}

/** The person mutes themselves and unmutes again: the other sees it, and hears nothing, and hears them again. */
async function mutingReaches(other, person) {
  await person.do(() => calls.setMuted(true));
  await other.event('participantAudioToggle', { userId: person.id, muted: true });
  await other.hearsNothingOf(person);
  await person.do(() => calls.setMuted(false));
  await other.event('participantAudioToggle', { userId: person.id, muted: false });
  await other.hears(person);
}

/** They call each other; the node of one is killed, and its page goes on with another node, as if nothing had been. */
export async function talkWhileANodeDies(t, { nodes }, proxy) {
  const running = { url: proxy.url, putChat: (...chat) => nodes[0].putChat(...chat) };
  const scene = await Scene.start(t, { running });
  const { person: alice, node: hers } = await joinSomewhere(scene, 'alice', nodes);
  const { person: bob, node: his } = await joinElsewhere(scene, 'bob', nodes, hers);
  await talk(scene, alice, bob);
  await mutingReaches(bob, alice);

  await Promise.all([alice, bob].map((person) => person.record()));
  t.after(() => his.isRunning || his.restart());
  await his.kill();
  await bob.event('signaling', { connected: false });
  await bob.event('signaling', { connected: true });
  const interrupted = (person) => person.do((ms) => window.instruments.silence(ms, 0), GAP_MS);
  assert.deepEqual(await Promise.all([alice, bob].map(interrupted)), [false, false]);

  await Promise.all([mutingReaches(bob, alice), mutingReaches(alice, bob)]);
  assert.deepEqual(await Promise.all([alice, bob].map(interrupted)), [true, true], 'a silence is measured');
  await bob.do(() => calls.endCall());
  assert.equal((await alice.event('ended')).reason, 'completed');
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.ok(!(await alice.seen()).includes('error'));
}
