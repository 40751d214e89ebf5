// Who is called, what rings where, and how a call that nobody talks in ends.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { candidate, meet, ring, sdp, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { matchEvents } from '../helpers/shapes.mjs';

const details = async (server, userId, sessionId) => (await server.as(userId, `/api/calls/${sessionId}`)).body.data;
const statusOf = (call, userId) => call.participants.find((p) => p.user.id === userId)?.status;

describe('who is called', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('without targetUserIds everyone in the chat but the caller is called', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    const ack = await alice.ask('call:initiate', { chatId, callType: 'voice' });
    assert.deepEqual(ack.targetUserIds.toSorted(), [ids.bob, ids.carol].toSorted());
    await Promise.all([bob.next('call:incoming'), carol.next('call:incoming')]);
    await settle(alice, bob, carol);
    assert.equal(alice.count('call:incoming'), 0);
  });

  test('only those named in targetUserIds are called', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.next('call:incoming');
    await settle(alice, carol);
    assert.deepEqual(carol.names(), []);
  });

  test('a name that stands twice in targetUserIds, or is the caller, counts for nothing', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    const ack = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob, ids.alice, ids.bob] });
    assert.deepEqual(ack.targetUserIds, [ids.bob]);
    await bob.next('call:incoming');
    await settle(alice, bob);
    assert.equal(bob.count('call:incoming'), 1);
    assert.equal(alice.count('call:incoming'), 0);
  });

  test('with nobody left to call it is NO_TARGETS', async (t) => {
    const { alice, chatId, ids } = await meet(t, server, ['alice']);
    assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice' }), 'NO_TARGETS');
    const pair = await meet(t, server, ['alice', 'bob']);
    for (const targetUserIds of [[], [pair.ids.alice]]) {
      assert.equal(await pair.alice.refusedWith('call:initiate', { chatId: pair.chatId, callType: 'voice', targetUserIds }), 'NO_TARGETS');
    }
  });

  test('a target who is not a member is NOT_A_MEMBER, and nobody rings', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    assert.equal(
      await alice.refusedWith('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob, 'a-stranger'] }),
      'NOT_A_MEMBER',
    );
    await settle(alice, bob);
    assert.deepEqual(bob.names(), []);
  });

  test('more than 32 targets are INVALID_PAYLOAD', async (t) => {
    const names = Array.from({ length: 34 }, (_, n) => `member${n}`);
    const { member0, chatId, ids } = await meet(t, server, names, { offline: names.slice(1) });
    const targetUserIds = names.slice(1).map((name) => ids[name]);
    assert.equal(await member0.refusedWith('call:initiate', { chatId, callType: 'voice', targetUserIds }), 'INVALID_PAYLOAD');
  });

  test('a chatId that contradicts the session is INVALID_PAYLOAD, and an absent one is fine', async (t) => {
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob']);
    const { sessionId } = call;
    assert.equal(await bob.refusedWith('call:accept', { sessionId, chatId: 'another-chat' }), 'INVALID_PAYLOAD');
    await bob.ask('call:accept', { sessionId });
    for (const [event, payload] of [
      ['webrtc:offer', { offer: sdp('offer') }],
      ['webrtc:ice-candidate', { candidate: candidate() }],
      ['call:toggle-audio', { muted: true }],
      ['call:leave', {}],
      ['call:end', {}],
    ]) {
      assert.equal(await alice.refusedWith(event, { sessionId, chatId: 'another-chat', ...payload }), 'INVALID_PAYLOAD', event);
    }
    await alice.ask('call:toggle-audio', { sessionId, muted: true });
    await alice.ask('call:end', { sessionId });
  });

  test('call:ringing comes only when a device was reached, and a device that comes late rings too', async (t) => {
    const { alice, chatId, ids, connect } = await meet(t, server, ['alice', 'bob'], { offline: ['bob'] });
    const { sessionId, call } = await alice.ask('call:initiate', { chatId, callType: 'voice' });
    assert.equal(call.participants[1].status, 'invited');
    await settle(alice);
    assert.equal(alice.count('call:ringing'), 0);
    const bob = await connect('bob');
    const incoming = await bob.next('call:incoming');
    assert.equal(incoming.sessionId, sessionId);
    assert.ok(incoming.ringTimeoutMs <= 45_000);
    assert.deepEqual(await alice.next('call:ringing'), { sessionId, chatId, targetUserIds: [ids.bob] });
    await bob.ask('call:accept', { sessionId, chatId });
    await alice.next('call:accepted');
    matchEvents(alice, bob);
  });

  test('in a group call:ringing names those who were reached', async (t) => {
    const { alice, bob, chatId, ids, connect } = await meet(t, server, ['alice', 'bob', 'carol'], { offline: ['carol'] });
    await alice.ask('call:initiate', { chatId, callType: 'voice' });
    assert.deepEqual((await alice.next('call:ringing')).targetUserIds, [ids.bob]);
    await bob.next('call:incoming');
    await connect('carol');
    assert.deepEqual((await alice.next('call:ringing')).targetUserIds, [ids.carol]);
  });

  test('a repeat with the same requestId returns the same call and rings once', async (t) => {
    const { alice, bob, chatId } = await meet(t, server, ['alice', 'bob']);
    const request = { chatId, callType: 'voice', requestId: 'attempt-1' };
    const [first, second] = await Promise.all([alice.ask('call:initiate', request), alice.ask('call:initiate', request)]);
    assert.equal(second.sessionId, first.sessionId);
    await bob.next('call:incoming');
    await settle(alice, bob);
    assert.equal(bob.count('call:incoming'), 1);
  });

  test('a repeat with the same requestId after the call was ended returns that call and places none', async (t) => {
    const { alice, bob, chatId } = await meet(t, server, ['alice', 'bob']);
    const request = { chatId, callType: 'voice', requestId: 'attempt-1' };
    const { sessionId } = await alice.ask('call:initiate', request);
    await alice.ask('call:end', { sessionId });
    await bob.next('call:ended');
    const again = await alice.request('call:initiate', request);
    assert.equal(again.success ? again.sessionId : again.code, again.success ? sessionId : 'CALL_ENDED');
    await settle(alice, bob);
    assert.equal(bob.count('call:incoming'), 1);
  });

  test('an offer made ahead reaches the one target, and its answer comes with call:accepted', async (t) => {
    const { alice, bob, chatId } = await meet(t, server, ['alice', 'bob']);
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', offer: sdp('offer') });
    assert.deepEqual((await bob.next('call:incoming')).offer, sdp('offer'));
    await bob.ask('call:accept', { sessionId, answer: sdp('answer') });
    assert.deepEqual((await alice.next('call:accepted')).answer, sdp('answer'));
    matchEvents(alice, bob);
  });

  test('an offer made ahead for several targets is not passed on', async (t) => {
    const { alice, bob, chatId } = await meet(t, server, ['alice', 'bob', 'carol']);
    await alice.ask('call:initiate', { chatId, callType: 'voice', offer: sdp('offer') });
    assert.equal((await bob.next('call:incoming')).offer, undefined);
  });

  test('a target in another call is busy, which the caller hears and the target does not', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    const { chatId, ids } = await meet(t, server, ['carol'], { offline: [] });
    await server.putChat(chatId, [ids.carol, bob.userId]);
    const carol = await TestClient.connect(server, ids.carol);
    t.after(() => carol.close());
    const { sessionId } = await carol.ask('call:initiate', { chatId, callType: 'voice' });
    assert.deepEqual(await carol.next('call:rejected'), { sessionId, chatId, rejectedBy: bob.userId, reason: 'busy' });
    assert.equal((await carol.next('call:ended')).reason, 'busy');
    await settle(carol, bob);
    assert.equal(bob.count('call:incoming'), 0);
    const stored = await details(server, ids.carol, sessionId);
    assert.equal(stored.status, 'rejected');
    assert.equal(stored.endReason, 'busy');
    assert.equal(statusOf(stored, bob.userId), 'busy');
    await alice.ask('call:end', call);
  });

  test('a caller who is in another call is ALREADY_IN_CALL', async (t) => {
    const { alice, bob, carol, call, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']).then(async (scene) => {
      const { sessionId } = await scene.alice.ask('call:initiate', { chatId: scene.chatId, callType: 'voice', targetUserIds: [scene.ids.bob] });
      await scene.bob.next('call:incoming');
      await scene.bob.ask('call:accept', { sessionId });
      return { ...scene, call: { sessionId, chatId: scene.chatId } };
    });
    assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.carol] }), 'ALREADY_IN_CALL');
    await alice.ask('call:end', call);
    await bob.next('call:ended');
    await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.carol] });
    await carol.next('call:incoming');
  });
});

describe('several devices of one user', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  async function ringTwoDevices(t) {
    const scene = await meet(t, server, ['alice', 'bob'], { client: {}, offline: ['bob'] });
    const phone = await scene.connect('bob', { deviceId: 'phone' });
    const laptop = await scene.connect('bob', { deviceId: 'laptop' });
    const { sessionId } = await scene.alice.ask('call:initiate', { chatId: scene.chatId, callType: 'voice' });
    await Promise.all([phone.next('call:incoming'), laptop.next('call:incoming')]);
    return { ...scene, phone, laptop, call: { sessionId, chatId: scene.chatId } };
  }

  test('all of them ring, and the caller hears of it once', async (t) => {
    const { alice, phone, laptop } = await ringTwoDevices(t);
    await settle(alice, phone, laptop);
    assert.equal(alice.count('call:ringing'), 1);
    assert.equal(phone.count('call:incoming'), 1);
    assert.equal(laptop.count('call:incoming'), 1);
  });

  test('the first to accept has the call, the second is ALREADY_ANSWERED', async (t) => {
    const { alice, phone, laptop, call } = await ringTwoDevices(t);
    await phone.ask('call:accept', call);
    assert.equal((await laptop.next('call:answered-elsewhere')).deviceId, 'phone');
    assert.equal(await laptop.refusedWith('call:accept', call), 'ALREADY_ANSWERED');
    await settle(alice);
    assert.equal(alice.count('call:accepted'), 1);
    await alice.ask('call:end', call);
    await Promise.all([phone.next('call:ended'), laptop.next('call:ended')]);
  });

  test('when both accept at the same moment exactly one gets the call, every time', async (t) => {
    for (let round = 0; round < 10; round += 1) {
      const { alice, phone, laptop, call } = await ringTwoDevices(t);
      const acks = await Promise.all([phone, laptop].map((device) => device.request('call:accept', call)));
      assert.deepEqual(acks.map((ack) => ack.success).toSorted(), [false, true]);
      assert.equal(acks.find((ack) => !ack.success).code, 'ALREADY_ANSWERED');
      await settle(alice, phone, laptop);
      assert.equal(alice.count('call:accepted'), 1);
      await alice.ask('call:end', call);
    }
  });

  test('rejecting on one device rejects for the user', async (t) => {
    const { alice, phone, laptop, call, ids } = await ringTwoDevices(t);
    await phone.ask('call:reject', call);
    assert.deepEqual(await laptop.next('call:answered-elsewhere'), { ...call, action: 'rejected', deviceId: 'phone' });
    assert.equal((await alice.next('call:rejected')).rejectedBy, ids.bob);
    assert.equal((await laptop.next('call:ended')).reason, 'declined');
    assert.equal(await laptop.refusedWith('call:accept', call), 'CALL_ENDED');
  });

  for (const event of ['call:end', 'call:leave']) {
    test(`${event} by somebody for whom it rings rejects it`, async (t) => {
      const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
      await bob.ask(event, call);
      assert.equal((await alice.next('call:rejected')).rejectedBy, ids.bob);
      assert.equal((await alice.next('call:ended')).reason, 'declined');
    });
  }

  test('signals go to the one device that joined, and come from no other', async (t) => {
    const { alice, phone, laptop, call, ids } = await ringTwoDevices(t);
    await phone.ask('call:accept', call);
    await alice.ask('webrtc:offer', { ...call, targetUserId: ids.bob, offer: sdp('offer') });
    await phone.next('webrtc:offer');
    await alice.ask('call:toggle-audio', { ...call, muted: true });
    await phone.next('call:participant-audio-toggle');
    await settle(alice, laptop);
    assert.equal(laptop.count('webrtc:offer'), 0);
    assert.equal(laptop.count('call:participant-audio-toggle'), 0);
    for (const [event, payload] of [
      ['webrtc:answer', { targetUserId: ids.alice, answer: sdp('answer') }],
      ['call:toggle-audio', { muted: true }],
      ['call:quality', { quality: { avgBitrate: 1, packetLoss: 0, jitter: 0 } }],
    ]) {
      assert.equal(await laptop.refusedWith(event, { ...call, ...payload }), 'NOT_IN_CALL', event);
    }
  });

  test('a device that is named as the target of a signal has to be the one in the call', async (t) => {
    const { alice, phone, call, ids } = await ringTwoDevices(t);
    await phone.ask('call:accept', call);
    const to = { ...call, targetUserId: ids.bob, candidate: candidate() };
    await alice.ask('webrtc:ice-candidate', { ...to, targetDeviceId: 'phone' });
    await phone.next('webrtc:ice-candidate');
    assert.equal(await alice.refusedWith('webrtc:ice-candidate', { ...to, targetDeviceId: 'laptop' }), 'TARGET_UNREACHABLE');
  });

  test('call:join on another device moves the call there', async (t) => {
    const { alice, phone, laptop, call, ids } = await ringTwoDevices(t);
    await phone.ask('call:accept', call);
    await laptop.ask('call:join', call);
    assert.deepEqual(await phone.next('call:answered-elsewhere'), { ...call, action: 'accepted', deviceId: 'laptop' });
    await alice.ask('webrtc:offer', { ...call, targetUserId: ids.bob, offer: sdp('offer') });
    await laptop.next('webrtc:offer');
    assert.equal(await phone.refusedWith('call:toggle-audio', { ...call, muted: true }), 'NOT_IN_CALL');
  });

  test('the second device of the caller hears the end of the call and does not ring', async (t) => {
    const { alice, ids, connect, chatId } = await meet(t, server, ['alice', 'bob'], { client: {} });
    const second = await connect('alice', { deviceId: 'second' });
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice' });
    await alice.ask('call:end', { sessionId });
    await second.next('call:ended');
    assert.equal(second.count('call:incoming'), 0);
  });
});

describe('both dial each other', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('the second call:initiate counts as an accept of the first', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    const first = await alice.ask('call:initiate', { chatId, callType: 'voice' });
    await bob.next('call:incoming');
    const second = await bob.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.alice] });
    assert.equal(second.sessionId, first.sessionId);
    assert.equal(second.joined, true);
    assert.equal(second.call.status, 'ongoing');
    assert.equal((await alice.next('call:accepted')).acceptedBy, ids.bob);
    await settle(alice, bob);
    assert.equal(alice.count('call:incoming'), 0);
    await alice.ask('webrtc:offer', { sessionId: first.sessionId, offer: sdp('offer') });
    await bob.next('webrtc:offer');
  });

  test('at the very same moment both end up in one call, fifty times over', async (t) => {
    await Promise.all(Array.from({ length: 5 }, async () => {
      const scene = await meet(t, server, ['alice', 'bob']);
      for (let round = 0; round < 10; round += 1) await collide(scene, `round ${round}`);
      const { body } = await server.as(scene.ids.alice, `/api/calls?chatId=${scene.chatId}&status=ongoing`);
      assert.equal(body.data.pagination.total, 0);
    }));
  });

  /** Both dial at once; asserts that they talk in one call, and ends it. */
  async function collide({ alice, bob, chatId }, label) {
    const request = { chatId, callType: 'voice' };
    const acks = await Promise.all([alice.ask('call:initiate', request), bob.ask('call:initiate', request)]);
    await settle(alice, bob);
    const states = await Promise.all([alice, bob].map(async (client) => (await client.ask('call:sync')).calls));
    assert.deepEqual(states.map((calls) => calls.length), [1, 1], label);
    const [{ sessionId, status, participants }] = states[0];
    assert.equal(states[1][0].sessionId, sessionId, label);
    assert.equal(status, 'ongoing', label);
    assert.deepEqual(participants.map((p) => p.status), ['joined', 'joined'], label);
    assert.ok(acks.some((ack) => ack.sessionId === sessionId), label);
    await alice.ask('webrtc:ice-candidate', { sessionId, candidate: candidate() });
    await bob.next('webrtc:ice-candidate');
    await alice.ask('call:end', { sessionId });
    await Promise.all([alice, bob].map((client) => client.next('call:ended', (data) => data.sessionId === sessionId)));
    [alice, bob].forEach((client) => client.forget());
  }
});

describe('a call that nobody talks in', () => {
  let server;
  before(async () => { server = await TestServer.start({ ringTimeoutMs: 400 }); });
  after(() => server.stop());

  test('is missed when the ring time is over', async (t) => {
    const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
    await bob.next('call:missed');
    await bob.next('call:ended');
    await alice.next('call:ended');
    assert.deepEqual(alice.names().slice(-2), ['call:missed', 'call:ended']);
    const stored = await details(server, ids.bob, call.sessionId);
    assert.equal(stored.status, 'missed');
    assert.equal(stored.endReason, 'missed');
    assert.equal(stored.userStatus, 'missed');
    assert.equal(stored.duration, 0);
    assert.equal(stored.startedAt, null);
    assert.ok(Date.parse(stored.endedAt) - Date.parse(stored.initiatedAt) >= 400);
    assert.equal(await bob.refusedWith('call:accept', call), 'CALL_ENDED');
  });

  test('is missed also when no device was ever reached', async (t) => {
    const { alice, chatId, ids } = await meet(t, server, ['alice', 'bob'], { offline: ['bob'] });
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice' });
    await alice.next('call:missed');
    assert.equal((await details(server, ids.bob, sessionId)).userStatus, 'missed');
  });

  test('in a group goes on for those who answered, and is missed for the one who did not', async (t) => {
    const { alice, bob, carol, call, ids } = await ring(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:accept', call);
    await carol.next('call:missed');
    await settle(alice, bob);
    const [live] = (await alice.ask('call:sync')).calls;
    assert.equal(live.status, 'ongoing');
    assert.deepEqual(live.participants.map((p) => p.status), ['joined', 'joined', 'missed']);
    assert.equal(alice.count('call:ended'), 0);
    await alice.ask('call:end', call);
    assert.equal((await details(server, ids.carol, call.sessionId)).userStatus, 'missed');
    assert.equal((await details(server, ids.bob, call.sessionId)).status, 'ended');
  });

  test('is cancelled when the caller hangs up first: targets hear call:ended alone', async (t) => {
    const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    assert.deepEqual(await bob.next('call:ended'), { ...call, endedBy: ids.alice, reason: 'cancelled' });
    await settle(alice, bob);
    assert.deepEqual(bob.names(), ['call:incoming', 'call:ended']);
    const stored = await details(server, ids.bob, call.sessionId);
    assert.equal(stored.status, 'missed');
    assert.equal(stored.endReason, 'cancelled');
    assert.equal(await bob.refusedWith('call:accept', call), 'CALL_ENDED');
  });

  test('is cancelled too when the caller leaves it', async (t) => {
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob']);
    await alice.ask('call:leave', call);
    assert.equal((await bob.next('call:ended')).reason, 'cancelled');
  });

  test('is rejected when all reject, and the caller hears each', async (t) => {
    const { alice, bob, carol, call, ids } = await ring(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:reject', call);
    assert.equal((await alice.next('call:rejected')).reason, 'declined');
    await settle(alice, bob, carol);
    assert.equal(alice.count('call:ended'), 0);
    await carol.ask('call:reject', { ...call, reason: 'later' });
    assert.equal((await alice.next('call:rejected')).reason, 'later');
    await alice.next('call:ended');
    const stored = await details(server, ids.alice, call.sessionId);
    assert.equal(stored.status, 'rejected');
    assert.equal(statusOf(stored, ids.bob), 'rejected');
    assert.equal(statusOf(stored, ids.carol), 'rejected');
  });

  test('ends with what call:ended says: it is the last event of the call to everyone', async (t) => {
    const { alice, bob } = await ring(t, server, ['alice', 'bob']);
    await Promise.all([alice.next('call:ended'), bob.next('call:ended')]);
    await settle(alice, bob);
    for (const client of [alice, bob]) {
      assert.equal(client.names().at(-1), 'call:ended');
      assert.equal(client.count('call:ended'), 1);
    }
  });
});
