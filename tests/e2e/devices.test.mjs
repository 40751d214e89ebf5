// Microphones that are exchanged, pulled out, or die, while people talk.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, talk } from './scene.mjs';

/** The first microphone that is not the default one. */
const chooseOther = () => calls.devices().then(async ({ microphones }) => {
  const other = microphones.find(({ label }) => label.includes('1'));
  await calls.setDevices({ microphone: other.id });
  return other;
});

test('another microphone is chosen: only it is heard, without a negotiation; pulled out, the default one takes over', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  const negotiated = await bob.do(() => window.instruments.negotiations());
  const other = await alice.do(chooseOther);
  assert.deepEqual(
    await alice.event('deviceChanged', { reason: 'chosen' }),
    { kind: 'microphone', id: other.id, label: other.label, reason: 'chosen' },
  );
  await bob.hears(alice, 1);
  await bob.hearsNothingOf(alice, 0);
  assert.equal((await alice.do(() => calls.devices())).selected.microphone, other.id);

  await alice.do((id) => window.instruments.unplug(id), other.id);
  assert.equal((await alice.event('deviceChanged', { reason: 'fallback' })).id, null);
  await bob.hears(alice, 0);
  await bob.hearsNothingOf(alice, 1);
  assert.equal(await bob.do(() => window.instruments.negotiations()), negotiated);
  assert.equal(await alice.do(() => window.instruments.liveTracks()), 1);
  await bob.do(() => calls.endCall());
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('a microphone that dies is opened again, and who was muted stays so', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await alice.do(() => window.instruments.trackDies('audio'));
  await alice.event('deviceChanged', { reason: 'reacquired' });
  await bob.hears(alice);

  await alice.do(() => calls.setMuted(true));
  await bob.hearsNothingOf(alice);
  await alice.do(() => window.instruments.trackDies('audio'));
  await alice.event('deviceChanged', { reason: 'reacquired' });
  await alice.do(chooseOther);
  await Promise.all([bob.hearsNothingOf(alice, 0), bob.hearsNothingOf(alice, 1)]);
  await alice.do(() => calls.setMuted(false));
  await bob.hears(alice, 1);
});

test('with push-to-talk only a pressed key is heard', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await alice.do(() => calls.setPushToTalk(true));
  await alice.do((chat) => void calls.initiateCall(chat, ['bob']), scene.chat);
  await bob.event('incoming');
  await bob.do(() => calls.acceptCall());
  await alice.hears(bob);
  await bob.hearsNothingOf(alice);
  await alice.do(() => calls.talk(true));
  await bob.hears(alice);
  await alice.do(() => calls.talk(false));
  await bob.hearsNothingOf(alice);
});

test('a device that is not there is refused, and the former one stays', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  assert.equal(await alice.do(() => failure(calls.setDevices({ microphone: 'no such microphone' }))), 'DEVICE_NOT_FOUND');
  await bob.hears(alice);
});
