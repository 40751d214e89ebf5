// What goes wrong while people call and talk.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { Scene, accept, dial, rings, talk } from './scene.mjs';

let scene;
let open = [];
before(async () => (scene = await Scene.start({ reconnectGraceMs: 1_500 })));
after(() => scene?.stop());
beforeEach(() => (open = []));
afterEach(() => Promise.all(open.map((person) => person.page.isClosed() || person.close())));

async function join(id, options) {
  const person = await scene.join(id, options);
  open.push(person);
  return person;
}

test('a tab that is closed in a call ends it for the other after the grace time', async () => {
  const [alice, bob] = await Promise.all([join('alice'), join('bob')]);
  await talk(scene, alice, bob);
  await bob.close();
  assert.equal((await alice.event('ended')).reason, 'disconnected');
  await alice.isAtRest();
});

test('a callee without the permission to use a microphone is told so, and may still reject', async () => {
  const [alice, bob] = await Promise.all([join('alice'), join('bob', { microphone: false })]);
  await dial(scene, alice, bob);
  await rings(bob);
  const code = await bob.do(() => calls.acceptCall().then(() => null, (error) => error.code));
  assert.equal(code, 'MIC_DENIED');
  assert.equal(await bob.do(() => calls.state), 'incoming');
  await bob.do(() => calls.rejectCall());
  await Promise.all([alice.event('ended'), bob.event('ended')]);
  await Promise.all([alice.isAtRest(), bob.isAtRest()]);
});

test('a caller without the permission to use a microphone does not make anyone ring', async () => {
  const [alice, bob] = await Promise.all([join('alice', { microphone: false }), join('bob')]);
  const code = await alice.do((chat) => calls.initiateCall(chat, ['bob']).then(() => null, (error) => error.code), scene.chat);
  assert.equal(code, 'MIC_DENIED');
  await alice.isAtRest();
  // What bob is told next is the call of carol: the one of alice never was.
  const carol = await join('carol');
  await dial(scene, carol, bob);
  assert.equal((await rings(bob)).caller.id, 'carol');
  await carol.do(() => calls.endCall());
});

test('a second tab stops ringing once the first has answered, and the talk goes on', async () => {
  const [alice, bob] = await Promise.all([join('alice'), join('bob')]);
  const second = await scene.joinInSecondTab(bob);
  open.push(second);
  await dial(scene, alice, bob);
  await Promise.all([rings(bob), rings(second)]);
  await bob.do(() => calls.acceptCall());
  assert.equal((await second.event('answeredElsewhere')).action, 'accepted');
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await second.isAtRest();
  await second.hearsNothingOf(alice);
  await alice.do(() => calls.endCall());
  await bob.event('ended');
});

test('a second tab stops ringing once the first has rejected', async () => {
  const [alice, bob] = await Promise.all([join('alice'), join('bob')]);
  const second = await scene.joinInSecondTab(bob);
  open.push(second);
  await dial(scene, alice, bob);
  await Promise.all([rings(bob), rings(second)]);
  await second.do(() => calls.rejectCall());
  assert.equal((await bob.event('answeredElsewhere')).action, 'rejected');
  assert.equal((await alice.event('ended')).reason, 'declined');
  await bob.isAtRest();
});

test('the talk outlives a killed server, and can be ended after its restart', async () => {
  const patient = await Scene.start();
  try {
    const [alice, bob] = await Promise.all([patient.join('alice'), patient.join('bob')]);
    await talk(patient, alice, bob);
    await patient.server.kill();
    await Promise.all([alice.event('signaling', { connected: false }), bob.event('signaling', { connected: false })]);
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
    await alice.do(() => calls.toggleMute());
    await bob.hearsNothingOf(alice);
    await patient.server.restart();
    await Promise.all([alice.event('signaling', { connected: true }), bob.event('signaling', { connected: true })]);
    await bob.event('participantAudioToggle', { userId: 'alice', muted: true });
    await alice.do(() => calls.toggleMute());
    await Promise.all([alice.hears(bob), bob.hears(alice)]);
    await alice.do(() => calls.endCall());
    assert.equal((await bob.event('ended')).reason, 'completed');
    await alice.event('ended');
    await Promise.all([alice.isAtRest(), bob.isAtRest()]);
    const { calls } = (await patient.server.as('bob', '/api/calls')).body.data;
    assert.deepEqual(calls.map(({ status, endReason }) => [status, endReason]), [['ended', 'completed']]);
  } finally {
    await patient.stop();
  }
});

test('who hangs up while the server is away has ended the call for the other once it is back', async () => {
  const patient = await Scene.start();
  try {
    const [alice, bob] = await Promise.all([patient.join('alice'), patient.join('bob')]);
    await talk(patient, alice, bob);
    await patient.server.kill();
    await alice.event('signaling', { connected: false });
    await alice.do(() => void calls.endCall().catch(() => {}));
    await alice.isAtRest();
    await patient.server.restart();
    assert.equal((await bob.event('ended')).endedBy, 'alice');
    await bob.isAtRest();
  } finally {
    await patient.stop();
  }
});

test('a person can call again after a call that was cut off', async () => {
  const [alice, bob] = await Promise.all([join('alice'), join('bob')]);
  await dial(scene, alice, bob);
  await accept(bob);
  await bob.hears(alice);
  await bob.page.reload();
  await alice.event('ended');
  await scene.signIn(bob, {});
  await talk(scene, alice, bob);
});
