// Three and four people in one call.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, accept, allHear, talkTogether } from './scene.mjs';

const session = (person) => person.do(() => calls.call.sessionId);

test('four people talk and each hears each other one; one leaves, the others go on; the caller ends it for all', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob', 'carol', 'dave']);
  const [alice, bob, carol, dave] = people;
  await talkTogether(scene, people);
  assert.deepEqual(await Promise.all(people.map((person) => person.do(() => calls.state))), people.map(() => 'connected'));
  assert.deepEqual(await Promise.all(people.map((person) => person.do(() => window.instruments.openConnections()))), [3, 3, 3, 3]);

  await carol.do(() => calls.leaveCall());
  await carol.isAtRest();
  const others = [alice, bob, dave];
  await Promise.all(others.map((person) => person.event('participantLeft', { userId: 'carol' })));
  await Promise.all(others.map((person) => person.hearsNothingOf(carol)));
  await allHear(others);

  await alice.do(() => calls.endCall());
  const ended = await Promise.all(others.map((person) => person.event('ended')));
  assert.deepEqual(ended.map(({ reason, endedBy }) => [reason, endedBy]), others.map(() => ['completed', 'alice']));
  await Promise.all(people.map((person) => person.isAtRest()));
  assert.deepEqual(people.flatMap((person) => person.problems), []);
});

test('who is invited rings and is heard by all; who left may come back', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob', 'carol']);
  const [alice, bob, carol] = people;
  await talkTogether(scene, [alice, bob]);
  await bob.do(() => calls.inviteToCall(['carol']));
  await accept(carol);
  await allHear(people);

  // A callee who hangs up in a group leaves it; the call goes on and takes them in again.
  await carol.do(() => calls.endCall());
  await carol.isAtRest();
  await allHear([alice, bob]);
  await carol.do((sessionId) => calls.joinCall(sessionId), await session(alice));
  await allHear(people);
});

test('Chromium and Firefox talk in a group of three', async (t) => {
  const scene = await Scene.start(t);
  const browsers = { alice: 'chromium', bob: 'firefox', carol: 'chromium' };
  const people = await Promise.all(Object.entries(browsers).map(([id, browser]) => scene.join(id, { browser })));
  await talkTogether(scene, people);
  await people[1].do(() => calls.toggleMute());
  await Promise.all([people[0], people[2]].map((person) => person.hearsNothingOf(people[1])));
  await people[1].do(() => calls.toggleMute());
  await allHear(people);
});

test('who comes late joins; who would be one too many is told so, and the call goes on', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob', 'carol', 'dave'], { env: { MAX_VOICE_PARTICIPANTS: '3' } });
  const [alice, bob, carol, dave] = people;
  await talkTogether(scene, [alice, bob]);
  const sessionId = await session(alice);
  await carol.do((sessionId) => calls.joinCall(sessionId), sessionId);
  await allHear([alice, bob, carol]);
  assert.equal(await dave.do((sessionId) => failure(calls.joinCall(sessionId)), sessionId), 'CALL_FULL');
  await dave.isAtRest();
  assert.equal(await alice.do(() => failure(calls.inviteToCall(['dave']))), 'CALL_FULL');
  await dave.isAtRest();
  await allHear([alice, bob, carol]);
});

test('who reloads the page in a group is heard by all again, and hears them', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob', 'carol']);
  const [alice, , carol] = people;
  await talkTogether(scene, people);
  await carol.page.reload();
  carol.forgetWhatWasSeen();
  await scene.signIn(carol);
  assert.equal((await carol.event('resumed')).sessionId, await session(alice));
  await allHear(people);
});
