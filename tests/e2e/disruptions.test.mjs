// What goes wrong while people call and talk.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { userToken } from '../helpers/tokens.mjs';
import { Scene, accept, dial, rings, talk } from './scene.mjs';

const signaling = (connected, ...people) => Promise.all(people.map((person) => person.event('signaling', { connected })));

test('a tab that is closed in a call ends it for the other after the grace time', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, { reconnectGraceMs: 1_000 });
  await talk(scene, alice, bob);
  await bob.close();
  assert.equal((await alice.event('ended')).reason, 'disconnected');
  await alice.isAtRest();
});

test('a callee without the permission to use a microphone is told so, and may still reject', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, {}, { bob: { microphone: false } });
  await dial(scene, alice, bob);
  await rings(bob);
  const code = await bob.do(() => calls.acceptCall().then(() => null, (error) => error.code));
  assert.equal(code, 'MIC_DENIED');
  assert.equal(await bob.do(() => calls.state), 'incoming');
  await bob.do(() => calls.rejectCall());
  await Promise.all([alice.event('ended'), bob.event('ended')]);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('a caller without the permission to use a microphone does not make anyone ring', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: { microphone: false } });
  const code = await alice.do((chat) => calls.initiateCall(chat, ['bob']).then(() => null, (error) => error.code), scene.chat);
  assert.equal(code, 'MIC_DENIED');
  await alice.isAtRest();
  // What bob is told next is the call of carol: the one of alice never was.
  const carol = await scene.join('carol');
  await dial(scene, carol, bob);
  assert.equal((await rings(bob)).caller.id, 'carol');
  await carol.do(() => calls.endCall());
});

test('the talk outlives a killed server, muting works meanwhile, and it can be ended after the restart', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await scene.server.kill();
  await signaling(false, alice, bob);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.do(() => calls.toggleMute());
  await bob.hearsNothingOf(alice);
  await scene.server.restart();
  await signaling(true, alice, bob);
  await bob.event('participantAudioToggle', { userId: 'alice', muted: true });
  await alice.do(() => calls.toggleMute());
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.do(() => calls.endCall());
  assert.equal((await bob.event('ended')).reason, 'completed');
  await alice.event('ended');
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  const history = (await scene.server.as('bob', '/api/calls')).body.data.calls;
  assert.deepEqual(history.map(({ status, endReason }) => [status, endReason]), [['ended', 'completed']]);
});

test('who hangs up while the server is away has ended the call for the other once it is back', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await scene.server.kill();
  await signaling(false, alice, bob);
  await alice.do(() => void calls.endCall().catch(() => {}));
  await alice.isAtRest();
  await scene.server.restart();
  // Who comes back later than the hang-up is only told that the call is over, not why.
  const { reason } = await bob.event('ended');
  assert.ok(['completed', 'disconnected'].includes(reason), reason);
  await bob.isAtRest();
  const history = (await scene.server.as('bob', '/api/calls')).body.data.calls;
  assert.deepEqual(history.map(({ status, endReason }) => [status, endReason]), [['ended', 'completed']]);
});

test('a call that rings survives a killed server, and can be answered after the restart', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await dial(scene, alice, bob);
  await rings(bob);
  await scene.server.kill();
  await signaling(false, alice, bob);
  await scene.server.restart();
  await signaling(true, alice, bob);
  await bob.do(() => calls.acceptCall());
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a person whose page is reloaded and does not want the call back can be called again', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, { reconnectGraceMs: 1_000 });
  await talk(scene, alice, bob);
  await bob.page.reload();
  await scene.signIn(bob, { resume: false });
  await alice.event('ended');
  bob.forgetWhatWasSeen();
  await talk(scene, alice, bob);
});

for (const preconnect of [false, true]) {
  const how = preconnect ? ', with the media path made while it rings' : '';
  test(`a caller whose page is reloaded while it rings is heard when the call is accepted${how}`, async (t) => {
    const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: { preconnect }, bob: { preconnect } });
    await dial(scene, alice, bob);
    await rings(bob);
    await alice.event('ringing');
    await alice.page.reload();
    alice.forgetWhatWasSeen();
    await scene.signIn(alice, { preconnect });
    await alice.event('resumed');
    await bob.do(() => calls.acceptCall());
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
    await bob.do(() => calls.endCall());
    await alice.event('ended');
    await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  });

  test(`a call rings again on a page that is reloaded while it rings, and is heard when accepted${how}`, async (t) => {
    const { scene, alice, bob } = await Scene.ofTwo(t, {}, { alice: { preconnect }, bob: { preconnect } });
    await dial(scene, alice, bob);
    await rings(bob);
    await bob.page.reload();
    bob.forgetWhatWasSeen();
    await scene.signIn(bob, { preconnect });
    await accept(bob);
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
    await alice.do(() => calls.endCall());
    await bob.event('ended');
    await Promise.all([alice.isAtRest(), bob.isAtRest()]);
  });
}

test('in a hidden tab a call rings, is heard, and outlives a killed server', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, {}, { bob: { browser: 'chromium that slows hidden tabs' } });
  const inFront = await bob.context.newPage();
  await inFront.bringToFront();
  await bob.until('its tab to be hidden', () => document.visibilityState === 'hidden');
  await talk(scene, alice, bob);
  await scene.server.kill();
  await signaling(false, alice, bob);
  await alice.do(() => calls.toggleMute());
  await scene.server.restart();
  await signaling(true, alice, bob);
  await bob.event('participantAudioToggle', { userId: 'alice', muted: true });
  await alice.do(() => calls.toggleMute());
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  assert.equal(await bob.do(() => document.visibilityState), 'hidden');
  await alice.do(() => calls.endCall());
  await bob.event('ended');
  await bob.isAtRest();
});

test('a page that the browser freezes in a call hears again once it thaws', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await bob.freezesAndThaws();
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
});

test('a token that expires in a call is renewed on the open socket, and nobody notices', async (t) => {
  const scene = await Scene.start(t);
  // The last one is asked for after the end of the first: the socket has outlived that one then.
  const tokens = await Promise.all([6, 12, 3600, 3600].map((expiresIn) => userToken('alice', { expiresIn })));
  const [alice, bob] = await Promise.all([scene.join('alice', { tokens }), scene.join('bob')]);
  const socket = await alice.do(() => calls.socket.id);
  await talk(scene, alice, bob);
  await alice.until('the second renewal', () => tokens.length === 1);
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  assert.equal(await alice.do(() => calls.socket.id), socket);
  const disturbed = ({ event, payload }) => event === 'participantReconnecting' || event === 'error' || (event === 'signaling' && !payload.connected);
  for (const person of [alice, bob]) assert.deepEqual((await person.do(() => seen)).filter(disturbed), []);
  await alice.do(() => calls.endCall());
  await bob.event('ended');
});
