// Chromium and Firefox call each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, talk } from './scene.mjs';

async function muteAndEnd(one, other) {
  await one.do(() => calls.toggleMute());
  await other.hearsNothingOf(one);
  await one.do(() => calls.toggleMute());
  await other.hears(one);
  await one.do(() => calls.endCall());
  await Promise.all([one.event('ended'), other.event('ended')]);
  await Promise.all([one.isAtRest(), other.isAtRest()]);
}

const pairs = [
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
  ['firefox', 'firefox'],
];

for (const [from, to] of pairs) {
  test(`${from} calls ${to}: both hear each other, mute and hang up`, async (t) => {
    const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: { browser: from }, bob: { browser: to } });
    await talk(scene, alice, bob);
    await muteAndEnd(bob, alice);
    assert.deepEqual([...alice.problems, ...bob.problems], []);
  });
}
