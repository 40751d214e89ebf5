// Two people talk, by the package on a bare page.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, dial, outcomeOfDialling, talk } from './scene.mjs';

const states = (...people) => Promise.all(people.map((person) => person.do(() => calls.state)));

async function hangUp(one, other) {
  await one.do(() => calls.endCall());
  const ended = await Promise.all([one.event('ended'), other.event('ended')]);
  await Promise.all([one.isAtRest(), other.isAtRest()]);
  return ended;
}

test('the callee is told who calls, and both hear each other after the accept, and not themselves', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await dial(scene, alice, bob);
  await alice.event('ringing');
  const { caller, callType, chatId } = await bob.event('incoming');
  assert.deepEqual([caller.id, caller.name, callType, chatId], ['alice', 'Alice', 'voice', scene.chat]);
  await bob.do(() => calls.acceptCall());
  await alice.event('accepted', { acceptedBy: 'bob' });
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  assert.equal(await outcomeOfDialling(alice), null);
  assert.deepEqual(await states(alice, bob), ['connected', 'connected']);
  await Promise.all([alice.hearsNothingOf(alice), bob.hearsNothingOf(bob)]);
});

test('before the accept nobody hears anything', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await dial(scene, alice, bob);
  await bob.event('incoming');
  await Promise.all([alice.hearsNothingOf(bob), bob.hearsNothingOf(alice)]);
});

test('who mutes is not heard, sees it, still hears the other, and is heard again after unmuting', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await alice.do(() => calls.toggleMute());
  await bob.event('participantAudioToggle', { userId: 'alice', muted: true });
  assert.equal(await alice.do(() => calls.call.muted), true);
  await bob.hearsNothingOf(alice);
  await alice.hears(bob);
  await alice.do(() => calls.toggleMute());
  await bob.event('participantAudioToggle', { userId: 'alice', muted: false });
  await bob.hears(alice);
});

test('after hanging up both are told, hear nothing, and hold no microphone and no connection', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  const ended = await hangUp(alice, bob);
  assert.deepEqual(ended.map(({ reason, endedBy }) => [reason, endedBy]), [['completed', 'alice'], ['completed', 'alice']]);
  assert.ok(ended.every(({ durationMs }) => durationMs > 0));
  await Promise.all([alice.hearsNothingOf(bob), bob.hearsNothingOf(alice)]);
});

test('three calls in a row on the same pages all work, and all are in the history of each', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  for (const [caller, callee] of [[alice, bob], [bob, alice], [alice, bob]]) {
    await talk(scene, caller, callee);
    await hangUp(callee, caller);
  }
  for (const [user, outgoing] of [['alice', [true, false, true]], ['bob', [false, true, false]]]) {
    const { calls } = (await scene.server.as(user, '/api/calls')).body.data;
    assert.deepEqual(calls.map(({ isOutgoing }) => isOutgoing), outgoing);
    assert.ok(calls.every(({ status, endReason }) => status === 'ended' && endReason === 'completed'));
  }
  assert.deepEqual([...alice.problems, ...bob.problems], []);
  const all = (await Promise.all([alice.seen(), bob.seen()])).flat();
  assert.deepEqual(all.filter((event) => event === 'error' || event === 'audioBlocked'), []);
});
