// Two people talk, by the package on a bare page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Scene, dial, outcomeOfDialling, talk } from './scene.mjs';

let scene;
let alice;
let bob;
before(async () => {
  scene = await Scene.start();
  [alice, bob] = await Promise.all([scene.join('alice'), scene.join('bob')]);
});
after(() => scene?.stop());

test('the callee is told who calls, and both hear each other after the accept', async () => {
  await dial(scene, alice, bob);
  await alice.event('ringing');
  const { caller, callType, chatId } = await bob.event('incoming');
  assert.deepEqual([caller.id, caller.name, callType, chatId], ['alice', 'Alice', 'voice', scene.chat]);
  await bob.do(() => calls.acceptCall());
  await alice.event('accepted', { acceptedBy: 'bob' });
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  assert.equal(await outcomeOfDialling(alice), null);
  assert.deepEqual(await Promise.all([alice, bob].map((person) => person.do(() => calls.state))), ['connected', 'connected']);
});

test('nobody hears themselves', async () => {
  await Promise.all([alice.hearsNothingOf(alice), bob.hearsNothingOf(bob)]);
});

test('who mutes is not heard, sees it, still hears the other, and is heard again after unmuting', async () => {
  await alice.do(() => calls.toggleMute());
  await bob.event('participantAudioToggle', { userId: 'alice', muted: true });
  assert.equal(await alice.do(() => calls.call.muted), true);
  await bob.hearsNothingOf(alice);
  await alice.hears(bob);
  await alice.do(() => calls.toggleMute());
  await bob.event('participantAudioToggle', { userId: 'alice', muted: false });
  await bob.hears(alice);
});

test('after hanging up both are told, hear nothing, and hold no microphone and no connection', async () => {
  await alice.do(() => calls.endCall());
  const ended = await Promise.all([alice.event('ended'), bob.event('ended')]);
  assert.deepEqual(ended.map(({ reason, endedBy }) => [reason, endedBy]), [['completed', 'alice'], ['completed', 'alice']]);
  assert.ok(ended.every(({ durationMs }) => durationMs > 0));
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  await Promise.all([alice.hearsNothingOf(bob), bob.hearsNothingOf(alice)]);
});

test('the other one calls back on the same pages', async () => {
  await talk(scene, bob, alice);
  await alice.do(() => calls.endCall());
  await Promise.all([alice.event('ended'), bob.event('ended')]);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('both calls are in the history, as each of them sees it', async () => {
  const { calls } = (await scene.server.as('alice', '/api/calls')).body.data;
  assert.deepEqual(calls.map(({ status, isOutgoing, endReason }) => [status, isOutgoing, endReason]), [
    ['ended', false, 'completed'],
    ['ended', true, 'completed'],
  ]);
});

test('nothing went wrong in either page', async () => {
  assert.deepEqual([...alice.problems, ...bob.problems], []);
  const all = (await Promise.all([alice.seen(), bob.seen()])).flat();
  assert.deepEqual(all.filter((event) => event === 'error' || event === 'audioBlocked'), []);
});
