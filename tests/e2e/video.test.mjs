// Pictures: everyone's camera has a colour of its own, and their screen another one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, accept, allHear, pairsOf, talkTogether } from './scene.mjs';

const SHARES = { browser: 'chromium that shares its screen' };
const allSee = (people, source) => Promise.all(pairsOf(people).map(([one, other]) => one.sees(other, source)));

test('three people in a video call see and hear each other one', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob', 'carol'], {}, SHARES);
  await talkTogether(scene, people, { callType: 'video' });
  await allSee(people);
  await people[0].do(() => calls.endCall());
  await Promise.all(people.map((person) => person.isAtRest()));
});

test('in a voice call both turn the camera on at the same moment; a screen takes its place and gives it back', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob'], {}, SHARES);
  const [alice, bob] = people;
  await talkTogether(scene, people);
  await Promise.all(people.map((person) => person.do(() => calls.setVideoEnabled(true))));
  await allSee(people);
  await allHear(people);

  const before = await bob.do(() => window.instruments.negotiations());
  assert.equal(await alice.do(() => calls.shareScreen(true)), true);
  await bob.sees(alice, 'screen');
  assert.equal(await bob.do(() => calls.participants[0].video), 'screen');
  assert.equal(await alice.do(() => calls.shareScreen(false)), false);
  await bob.sees(alice, 'camera');
  assert.equal(await bob.do(() => window.instruments.negotiations()), before);

  await alice.do(() => calls.setVideoEnabled(false));
  await bob.event('participantVideoToggle', { userId: 'alice', enabled: false });
  assert.equal(await bob.do(() => calls.participants[0].video), 'off');
  await bob.seesNothingOf(alice);
  await allHear(people);
});

test('a screen is shared in a voice call, and who joins later sees it', async (t) => {
  const { scene, people } = await Scene.of(t, ['alice', 'bob', 'carol'], {}, SHARES);
  const [alice, bob, carol] = people;
  await talkTogether(scene, [alice, bob]);
  await alice.do(() => calls.shareScreen(true));
  await bob.sees(alice, 'screen');
  await alice.do(() => calls.inviteToCall(['carol']));
  await accept(carol);
  await carol.sees(alice, 'screen');
  await carol.until('the screen to be named', () => calls.participants.find(({ id }) => id === 'alice').video === 'screen');
  await allHear(people);
});

test('Chromium and Firefox see and hear each other', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: SHARES, bob: { browser: 'firefox' } });
  await talkTogether(scene, [alice, bob], { callType: 'video' });
  await allSee([alice, bob]);
  await bob.do(() => calls.setVideoEnabled(false));
  await alice.seesNothingOf(bob);
  await bob.do(() => calls.setVideoEnabled(true));
  await allSee([alice, bob]);
});
