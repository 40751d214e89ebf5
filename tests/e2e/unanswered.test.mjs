// Calls that never come to a talk.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Scene, dial, rings } from './scene.mjs';

let scene;
let alice;
let bob;
before(async () => (scene = await Scene.start({ ringTimeoutMs: 2_500 })));
after(() => scene?.stop());
beforeEach(async () => ([alice, bob] = await Promise.all([scene.join('alice'), scene.join('bob')])));
afterEach(() => Promise.all([alice?.close(), bob?.close()]));

const reasons = (...persons) => Promise.all(persons.map(async (person) => (await person.event('ended')).reason));
const lastCall = async (user) => (await scene.server.as(user, '/api/calls?limit=1')).body.data.calls[0];

test('a rejected call ends for both, and nobody keeps a microphone', async () => {
  await dial(scene, alice, bob);
  await rings(bob);
  await bob.do(() => calls.rejectCall());
  assert.equal((await alice.event('rejected', { rejectedBy: 'bob' })).reason, 'declined');
  assert.deepEqual(await reasons(alice, bob), ['declined', 'declined']);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.equal((await lastCall('alice')).status, 'rejected');
});

test('a call that the caller takes back stops ringing', async () => {
  await dial(scene, alice, bob);
  await rings(bob);
  await alice.do(() => calls.endCall());
  assert.deepEqual(await reasons(alice, bob), ['cancelled', 'cancelled']);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.equal(await bob.do(() => calls.state), 'ended');
  assert.equal((await lastCall('bob')).status, 'missed');
});

test('a call that nobody answers in time is missed by both', async () => {
  await dial(scene, alice, bob);
  await rings(bob);
  await Promise.all([alice.event('missed', { callerId: 'alice' }), bob.event('missed', { callerId: 'alice' })]);
  assert.deepEqual(await reasons(alice, bob), ['missed', 'missed']);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.equal((await lastCall('bob')).userStatus, 'missed');
});

test('a call to somebody who is not there is missed', async () => {
  await bob.close();
  await dial(scene, alice, bob);
  await alice.event('missed');
  assert.deepEqual(await reasons(alice), ['missed']);
  await alice.isAtRest();
  bob = null;
});

test('a person who is in another call is busy', async () => {
  const carol = await scene.join('carol');
  await dial(scene, alice, bob);
  await rings(bob);
  await bob.do(() => calls.acceptCall());
  await bob.hears(alice);
  await dial(scene, carol, bob);
  assert.equal((await carol.event('rejected', { rejectedBy: 'bob' })).reason, 'busy');
  assert.deepEqual(await reasons(carol), ['busy']);
  await carol.isAtRest();
  await bob.hears(alice);
  await carol.close();
});
