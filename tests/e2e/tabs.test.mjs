// One person with two tabs, and two people with one thought.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, dial, rings, talk } from './scene.mjs';

/** alice, and bob with two tabs. */
async function twoTabs(t) {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  return { scene, alice, bob, second: await scene.joinInSecondTab(bob) };
}

test('both tabs ring; what ends the ringing in the other one is told: answered, rejected, cancelled', async (t) => {
  const { scene, alice, bob, second } = await twoTabs(t);
  const endings = [
    [() => bob.do(() => calls.acceptCall()), 'answered-elsewhere', 'accepted'],
    [() => bob.do(() => calls.rejectCall()), 'rejected-elsewhere', 'rejected'],
    [() => alice.do(() => calls.endCall()), 'cancelled', null],
  ];
  for (const [end, reason, action] of endings) {
    await dial(scene, alice, bob);
    await Promise.all([rings(bob), rings(second)]);
    await end();
    if (action) assert.equal((await second.event('answeredElsewhere')).action, action);
    assert.equal((await second.event('ended')).reason, reason);
    await second.isAtRest();
    if (reason === 'answered-elsewhere') {
      await Promise.all([alice.hears(bob), bob.hears(alice)]);
      await second.hearsNothingOf(alice);
      await alice.do(() => calls.endCall());
    }
    await Promise.all([alice.event('ended'), bob.event('ended')]);
  }
});

test('a running call is moved to the other tab, where it is heard, and back', async (t) => {
  const { scene, alice, bob, second } = await twoTabs(t);
  await dial(scene, alice, bob);
  await rings(bob);
  await bob.do(() => calls.acceptCall());
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  for (const [from, to] of [[bob, second], [second, bob]]) {
    const [live] = await to.do(() => calls.liveCalls());
    assert.deepEqual([live.status, live.here], ['ongoing', false]);
    await to.do((id) => calls.joinCall(id), live.sessionId);
    assert.equal((await from.event('ended', { reason: 'moved-elsewhere' })).sessionId, live.sessionId);
    await from.isAtRest();
    await Promise.all([alice.hears(bob), to.hears(alice)]);
    assert.deepEqual((await to.do(() => calls.liveCalls())).map(({ here }) => here), [true]);
  }
  await alice.do(() => calls.endCall());
  assert.equal((await bob.event('ended')).reason, 'completed');
  const history = (await scene.server.as('alice', '/api/calls')).body.data.calls;
  assert.equal(history.length, 1);
});

test('a double click makes one call, and a double accept one answer', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  const [first, second] = await alice.do((chat) => Promise.all([0, 1].map(() => failure(calls.initiateCall(chat, ['bob'])))), scene.chat);
  assert.deepEqual([first, second], [null, 'ALREADY_IN_CALL']);
  await rings(bob);
  await bob.do(() => Promise.allSettled([calls.acceptCall(), calls.acceptCall()]));
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  const history = (await scene.server.as('bob', '/api/calls')).body.data.calls;
  assert.equal(history.length, 1);
});

test('who reloads the page in a call is heard again by itself, and hears', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  const sessionId = await alice.do(() => calls.call.sessionId);
  await bob.page.reload();
  bob.forgetWhatWasSeen();
  await scene.signIn(bob);
  assert.equal((await bob.event('resumed')).sessionId, sessionId);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  assert.equal(await alice.do(() => calls.state), 'connected');
});
