// A client written from the reference alone, and the package, call each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, dial, rings, talk } from './scene.mjs';

const pairs = [
  ['the reference client calls the package', 'reference', 'bare'],
  ['the package calls the reference client', 'bare', 'reference'],
  ['one reference client calls another', 'reference', 'reference'],
];
const endOf = (person) => person.event(person.page.url().endsWith('bare.html') ? 'ended' : 'call:ended');
const isAtRest = (person) => person.isAtRest();

for (const [what, callerPage, calleePage] of pairs) {
  test(`${what}: they hear each other, mute, and hang up`, async (t) => {
    const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: { page: callerPage }, bob: { page: calleePage } });
    await talk(scene, alice, bob);
    await alice.do(() => calls.toggleMute());
    await bob.hearsNothingOf(alice);
    await alice.do(() => calls.toggleMute());
    await bob.hears(alice);
    await bob.do(() => void calls.endCall());
    await endOf(alice);
    await Promise.all([alice, bob].map(isAtRest));
    assert.deepEqual([...alice.problems, ...bob.problems], []);
    assert.equal((await alice.seen()).includes('failure'), false);
  });
}

test('a package with `fastSetup: false` uses the reference flow, and both hear each other', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: { fastSetup: false }, bob: { fastSetup: false } });
  await talk(scene, alice, bob);
  await alice.do(() => calls.endCall());
  await Promise.all([endOf(alice), endOf(bob)]);
});

test('the reference client is let go of when its call is missed, rejected or taken back', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, { ringTimeoutMs: 1_500 }, { alice: { page: 'reference' } });
  await dial(scene, alice, bob);
  await rings(bob);
  assert.equal((await endOf(alice)).reason, 'missed');
  await isAtRest(alice);
  await endOf(bob);
  await dial(scene, alice, bob);
  await rings(bob);
  await bob.do(() => calls.rejectCall());
  assert.equal((await endOf(alice)).reason, 'declined');
  await isAtRest(alice);
});
