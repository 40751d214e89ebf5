// The media path is made while a call rings, and silence is sent over it until the accept.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TestClient } from '../helpers/client.mjs';
import { Scene, dial, rings } from './scene.mjs';

const PRECONNECT = { preconnect: true };

const ofTwo = (t, caller, callee) => Scene.ofTwo(t, {}, { alice: { ...PRECONNECT, browser: caller }, bob: { ...PRECONNECT, browser: callee } });

/** Waits until sound arrives at a person, played or not, and returns how loud it is at most in the second after. */
async function loudestOfWhatArrives(person) {
  await person.until('sound to arrive', () => window.instruments.loudest(50).then((level) => level !== null));
  return person.do(() => window.instruments.loudest(1_000));
}

const reachForTheButton = async (person) => {
  await person.do(() => calls.prepareToAccept());
  await person.until('the microphone', () => calls.localStream !== null);
};

for (const caller of ['chromium', 'firefox']) {
  test(`what a caller in ${caller} sends before the accept is silence, and their voice after it`, async (t) => {
    const { scene, alice, bob } = await ofTwo(t, caller);
    await dial(scene, alice, bob);
    await rings(bob);
    assert.equal(await loudestOfWhatArrives(bob), 0);
    await bob.hearsNothingOf(alice);
    assert.equal(await alice.do(() => calls.localStream.getAudioTracks()[0].enabled), true, 'the stream of the page is left alone');
    await bob.do(() => calls.acceptCall());
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
    // What was measured before would have shown it.
    assert.ok((await loudestOfWhatArrives(bob)) > 0.1);
  });
}

for (const callee of ['chromium', 'firefox that tells what it allows']) {
  test(`a callee in ${callee} who reaches for the button sends silence until the call is accepted`, async (t) => {
    const { scene, alice, bob } = await ofTwo(t, 'chromium', callee);
    await dial(scene, alice, bob);
    await rings(bob);
    assert.equal(await bob.do(() => calls.localStream), null);
    await reachForTheButton(bob);
    assert.equal(await loudestOfWhatArrives(alice), 0);
    await bob.do(() => calls.acceptCall());
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
    assert.ok((await loudestOfWhatArrives(alice)) > 0.1);
    await alice.do(() => calls.endCall());
    await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  });
}

for (const [browser, wish] of [['chromium', false], ['chromium', true], ['firefox', false], ['firefox', true]]) {
  test(`whoever only rings sees no address of a caller in ${browser} ${wish ? 'who preconnects' : 'who does not preconnect'}`, async (t) => {
    const scene = await Scene.start(t);
    const alice = await scene.join('alice', { browser, preconnect: wish });
    const bob = await TestClient.connect(scene.server, 'bob');
    t.after(() => bob.close());
    await dial(scene, alice, { id: 'bob' });
    const { offer } = await bob.next('call:incoming');
    assert.match(offer.sdp, /^m=audio/m);
    assert.doesNotMatch(offer.sdp, /^a=candidate/m);
    // As long as it takes a browser here to find its candidates.
    await alice.do(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
    assert.equal(bob.count('webrtc:ice-candidate'), 0);
  });
}

test('whoever reaches for the button and rejects the call holds no microphone', async (t) => {
  const { scene, alice, bob } = await ofTwo(t);
  await dial(scene, alice, bob);
  await rings(bob);
  await reachForTheButton(bob);
  await bob.do(() => calls.rejectCall());
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('whoever was muted while it rang is not heard after the accept, until they unmute', async (t) => {
  const { scene, alice, bob } = await ofTwo(t);
  await Promise.all([alice, bob].map((person) => person.do(() => calls.setMuted(true))));
  await dial(scene, alice, bob);
  await rings(bob);
  await reachForTheButton(bob);
  await bob.do(() => calls.acceptCall());
  await Promise.all([alice.hearsNothingOf(bob), bob.hearsNothingOf(alice)]);
  await Promise.all([alice, bob].map((person) => person.do(() => calls.setMuted(false))));
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a microphone that is swapped while it rings is the one that is heard', async (t) => {
  const { scene, alice, bob } = await ofTwo(t);
  await dial(scene, alice, bob);
  await rings(bob);
  await alice.do(async () => calls.setDevices({ microphone: (await calls.devices()).microphones.at(-1).id }));
  assert.equal(await loudestOfWhatArrives(bob), 0);
  const before = await alice.do(() => window.instruments.liveTracks());
  assert.equal(before, 2, 'the microphone and the silent copy of it');
  await bob.do(() => calls.acceptCall());
  await bob.hears(alice, 2);
  await alice.until('the copy to be let go of', () => window.instruments.liveTracks() === 1);
});

test('who may not use the microphone is told so when they accept, not before', async (t) => {
  const scene = await Scene.start(t);
  const alice = await scene.join('alice', PRECONNECT);
  const bob = await scene.join('bob', { ...PRECONNECT, microphone: false });
  await dial(scene, alice, bob);
  await rings(bob);
  await bob.do(() => calls.prepareToAccept());
  const failure = await bob.do(() => window.failure(calls.acceptCall()));
  assert.equal(failure, 'MIC_DENIED');
  assert.deepEqual((await bob.seen()).filter((event) => event === 'error'), []);
});
