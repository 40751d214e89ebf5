// Chromium and Firefox call each other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene, talk } from './scene.mjs';

let scene;
let alice;
let bob;
before(async () => {
  scene = await Scene.start();
  [alice, bob] = await Promise.all([scene.join('alice', { browser: 'chromium' }), scene.join('bob', { browser: 'firefox' })]);
});
after(() => scene?.stop());

async function muteAndEnd(one, other) {
  await one.do(() => calls.toggleMute());
  await other.hearsNothingOf(one);
  await one.do(() => calls.toggleMute());
  await other.hears(one);
  await one.do(() => calls.endCall());
  await Promise.all([one.event('ended'), other.event('ended')]);
  await Promise.all([one.isAtRest(), other.isAtRest()]);
}

test('Chromium calls Firefox: both hear each other, mute and hang up', async () => {
  await talk(scene, alice, bob);
  await muteAndEnd(bob, alice);
});

test('Firefox calls Chromium: both hear each other, mute and hang up', async () => {
  await talk(scene, bob, alice);
  await muteAndEnd(alice, bob);
});

test('Firefox calls Firefox: both hear each other, mute and hang up', async () => {
  const carol = await scene.join('carol', { browser: 'firefox' });
  await talk(scene, carol, bob);
  await muteAndEnd(bob, carol);
});

test('nothing went wrong in either page', () => {
  assert.deepEqual([...alice.problems, ...bob.problems], []);
});
