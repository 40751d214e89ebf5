// Calls that never come to a talk.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, dial, rings, talk } from './scene.mjs';

const reasons = (...persons) => Promise.all(persons.map(async (person) => (await person.event('ended')).reason));
const lastCall = async (scene, user) => (await scene.server.as(user, '/api/calls?limit=1')).body.data.calls[0];

test('a rejected call ends for both, and nobody keeps a microphone', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await dial(scene, alice, bob);
  await rings(bob);
  await bob.do(() => calls.rejectCall());
  assert.equal((await alice.event('rejected', { rejectedBy: 'bob' })).reason, 'declined');
  assert.deepEqual(await reasons(alice, bob), ['declined', 'declined']);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.equal((await lastCall(scene, 'alice')).status, 'rejected');
});

test('a call that the caller takes back stops ringing', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await dial(scene, alice, bob);
  await rings(bob);
  await alice.do(() => calls.endCall());
  assert.deepEqual(await reasons(alice, bob), ['cancelled', 'cancelled']);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.equal(await bob.do(() => calls.state), 'ended');
  assert.equal((await lastCall(scene, 'bob')).status, 'missed');
});

test('a call that nobody answers in time is missed by both', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, { ringTimeoutMs: 1_500 });
  await dial(scene, alice, bob);
  await rings(bob);
  await Promise.all([alice.event('missed', { callerId: 'alice' }), bob.event('missed', { callerId: 'alice' })]);
  assert.deepEqual(await reasons(alice, bob), ['missed', 'missed']);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  assert.equal((await lastCall(scene, 'bob')).userStatus, 'missed');
});

test('a call to somebody who is not there is missed', async (t) => {
  const scene = await Scene.start(t, { ringTimeoutMs: 1_500 });
  const alice = await scene.join('alice');
  await dial(scene, alice, { id: 'bob' });
  await alice.event('missed');
  assert.deepEqual(await reasons(alice), ['missed']);
  await alice.isAtRest();
  assert.equal((await alice.seen()).includes('ringing'), false);
});

test('somebody who comes while they are being called rings', async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice');
  await dial(scene, alice, { id: 'bob' });
  await alice.event('state', { state: 'outgoing' });
  const bob = await scene.join('bob');
  await rings(bob);
  await alice.event('ringing');
  await bob.do(() => calls.acceptCall());
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a person who is in another call is busy, and their call goes on', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  const carol = await scene.join('carol');
  await talk(scene, alice, bob);
  await dial(scene, carol, bob);
  assert.equal((await carol.event('rejected', { rejectedBy: 'bob' })).reason, 'busy');
  assert.deepEqual(await reasons(carol), ['busy']);
  await carol.isAtRest();
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('two people who call each other at once end up in one call', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await Promise.all([dial(scene, alice, bob), dial(scene, bob, alice)]);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  const sessions = await Promise.all([alice, bob].map((person) => person.do(() => calls.call.sessionId)));
  assert.equal(sessions[0], sessions[1]);
  const { body } = await scene.server.as('alice', '/api/calls');
  assert.equal(body.data.calls.filter(({ status }) => status === 'ongoing').length, 1);
});

test('a call too many is refused with the time to wait, and leaves no microphone on', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, { env: { CALLS_PER_MINUTE: '1' } });
  await dial(scene, alice, bob);
  await rings(bob);
  await alice.do(() => calls.endCall());
  await alice.isAtRest();
  const refusal = await alice.do((chat) => calls.initiateCall(chat).then(() => null, ({ code, message, retryable, retryAfterMs }) => ({ code, message, retryable, retryAfterMs })), scene.chat);
  const { retryAfterMs, ...said } = refusal;
  assert.deepEqual(said, { code: 'RATE_LIMITED', message: 'Too many calls: wait a moment.', retryable: true });
  assert.ok(retryAfterMs > 30_000 && retryAfterMs <= 60_001, `${retryAfterMs} ms`);
  await alice.isAtRest();
});
