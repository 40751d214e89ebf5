// A call that goes on: leaving, ending, groups, drops and returns, order.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { candidate, meet, ring, sdp, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';

const details = async (server, userId, sessionId) => (await server.as(userId, `/api/calls/${sessionId}`)).body.data;
const statuses = (call) => call.participants.map((p) => p.status);

describe('ending and leaving', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('call:end by either ends a call of two', async (t) => {
    for (const who of ['alice', 'bob']) {
      const scene = await talk(t, server, ['alice', 'bob']);
      await scene[who].ask('call:end', scene.call);
      for (const client of [scene.alice, scene.bob]) {
        assert.deepEqual(await client.next('call:ended'), { ...scene.call, endedBy: scene.ids[who], reason: 'completed' });
      }
    }
  });

  test('call:end with a reason of one\'s own records that reason', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:end', { ...call, reason: 'the doorbell' });
    assert.equal((await bob.next('call:ended')).reason, 'the doorbell');
    assert.equal((await details(server, ids.bob, call.sessionId)).endReason, 'the doorbell');
  });

  test('call:leave by the last but one ends the call', async (t) => {
    const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await alice.ask('call:leave', call);
    await bob.next('call:participant-left');
    await settle(bob, carol);
    assert.equal(bob.count('call:ended'), 0);
    await bob.ask('call:leave', call);
    for (const client of [bob, carol]) assert.equal((await client.next('call:ended')).reason, 'completed');
    await settle(alice, bob, carol);
    assert.equal(alice.count('call:ended'), 0, 'alice has left: she may be in another call by now');
    const stored = await details(server, ids.carol, call.sessionId);
    assert.equal(stored.status, 'ended');
    assert.ok(stored.participants.every((p) => p.joinedAt && p.leftAt));
    assert.deepEqual(statuses(stored), ['left', 'left', 'joined'], 'carol was in the call to its end');
  });

  test('in a group call:end is a leave, unless the caller says it', async (t) => {
    const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:end', call);
    assert.equal((await alice.next('call:participant-left')).userId, ids.bob);
    await settle(alice, carol);
    assert.equal(carol.count('call:ended'), 0);
    await alice.ask('call:end', call);
    assert.equal((await carol.next('call:ended')).endedBy, ids.alice);
  });

  test('who left may join again while the call goes on', async (t) => {
    const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:leave', call);
    await alice.next('call:participant-left');
    await bob.ask('call:join', call);
    assert.equal((await alice.next('call:participant-joined')).userId, ids.bob);
    await carol.ask('webrtc:offer', { ...call, targetUserId: ids.bob, offer: sdp('offer') });
    await bob.next('webrtc:offer');
  });

  test('ending while another target still rings stops that ringing', async (t) => {
    const { alice, bob, carol, call } = await ring(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:accept', call);
    await alice.ask('call:end', call);
    await carol.next('call:ended');
    assert.equal(await carol.refusedWith('call:accept', call), 'CALL_ENDED');
  });

  test('ending twice is CALL_ENDED the second time, also when both hang up at once', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    const acks = await Promise.all([alice.request('call:end', call), bob.request('call:end', call)]);
    assert.deepEqual(acks.map((ack) => ack.success).toSorted(), [false, true]);
    assert.equal(acks.find((ack) => !ack.success).code, 'CALL_ENDED');
    await settle(alice, bob);
    assert.equal(alice.count('call:ended'), 1);
    assert.equal(bob.count('call:ended'), 1);
  });

  test('accept and cancel at the same moment agree on one outcome, every time', async (t) => {
    for (let round = 0; round < 20; round += 1) {
      const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
      const [ended, accepted] = await Promise.all([alice.request('call:end', call), bob.request('call:accept', call)]);
      assert.equal(ended.success, true);
      if (!accepted.success) assert.equal(accepted.code, 'CALL_ENDED');
      await Promise.all([alice.next('call:ended'), bob.next('call:ended')]);
      const stored = await details(server, ids.alice, call.sessionId);
      assert.equal(stored.status, accepted.success ? 'ended' : 'missed');
      await settle(alice, bob);
      assert.equal(bob.names().at(-1), 'call:ended');
    }
  });
});

describe('signals', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('without targetUserId go to the one other participant, and are INVALID_PAYLOAD with two others', async (t) => {
    const pair = await talk(t, server, ['alice', 'bob']);
    await pair.bob.ask('webrtc:offer', { ...pair.call, offer: sdp('offer') });
    assert.equal((await pair.alice.next('webrtc:offer')).fromUserId, pair.ids.bob);
    const group = await talk(t, server, ['alice', 'bob', 'carol']);
    assert.equal(await group.bob.refusedWith('webrtc:offer', { ...group.call, offer: sdp('offer') }), 'INVALID_PAYLOAD');
    await group.carol.ask('call:leave', group.call);
    await group.bob.ask('webrtc:offer', { ...group.call, offer: sdp('offer') });
    await group.alice.next('webrtc:offer');
  });

  test('reach their target alone', async (t) => {
    const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await alice.ask('webrtc:offer', { ...call, targetUserId: ids.bob, offer: sdp('offer') });
    await bob.next('webrtc:offer');
    await settle(alice, carol);
    assert.deepEqual(carol.names(), []);
  });

  test('to someone who is not in the call fail, and do not reach them', async (t) => {
    const { alice, bob, carol, call, ids } = await ring(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:accept', call);
    for (const targetUserId of [ids.carol, ids.alice, 'nobody']) {
      const ack = await alice.request('webrtc:offer', { ...call, targetUserId, offer: sdp('offer') });
      assert.equal(ack.success, false, targetUserId);
      assert.ok(['TARGET_UNREACHABLE', 'NOT_IN_CALL', 'INVALID_PAYLOAD'].includes(ack.code), ack.code);
    }
    await settle(alice, carol);
    assert.equal(carol.count('webrtc:offer'), 0);
  });

  test('name the sender as the token does, whatever the sender claims', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
    await bob.ask('webrtc:offer', { ...call, offer: sdp('offer'), fromUserId: ids.alice, fromDeviceId: 'forged', userId: ids.alice });
    const offer = await alice.next('webrtc:offer');
    assert.equal(offer.fromUserId, ids.bob);
    assert.equal(offer.fromDeviceId, bob.socket.id);
  });

  test('pass descriptions and candidates byte for byte up to their limits', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    for (const offer of [sdp('offer'), { type: 'offer', sdp: `v=0\r\n${'\u00e9'.repeat(32_000)}` }, sdp('offer', 65_000)]) {
      assert.ok(Buffer.byteLength(offer.sdp) <= 65_536);
      await alice.ask('webrtc:offer', { ...call, offer });
      assert.deepEqual((await bob.next('webrtc:offer')).offer, offer);
    }
    for (const one of [
      { candidate: '', sdpMid: '0', sdpMLineIndex: 0 },
      { candidate: '', sdpMid: null, sdpMLineIndex: null },
      { candidate: 'candidate:1 1 UDP 1 2001:db8::1 1 typ host \\"\u2028', sdpMid: 'audio', sdpMLineIndex: 3, usernameFragment: 'a/+b' },
    ]) {
      await alice.ask('webrtc:ice-candidate', { ...call, candidate: one });
      assert.deepEqual((await bob.next('webrtc:ice-candidate')).candidate, one);
    }
  });

  test('keep their order: 250 in one burst arrive as they were sent, both ways at once', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    for (let n = 0; n < 250; n += 1) {
      alice.send('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
      bob.send('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
    }
    await settle(alice, bob);
    for (const client of [alice, bob]) {
      assert.deepEqual(client.all('webrtc:ice-candidate').map((data) => data.candidate), Array.from({ length: 250 }, (_, n) => candidate(n)));
      assert.equal(client.count('call:error'), 0);
    }
  });

  test('keep their order among themselves and with toggles: 500 messages on one socket', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    const sent = [];
    for (let n = 0; n < 500; n += 1) {
      const [event, payload, arrives] = n % 3 === 0
        ? ['webrtc:offer', { offer: { type: 'offer', sdp: `v=${n}` } }, 'webrtc:offer']
        : n % 3 === 1
          ? ['webrtc:ice-candidate', { candidate: candidate(n) }, 'webrtc:ice-candidate']
          : ['call:toggle-audio', { muted: n % 2 === 0 }, 'call:participant-audio-toggle'];
      sent.push(arrives);
      // An ack every 100 messages keeps within 300 at once and 100 a second after that.
      if (n >= 250 && n % 25 === 0) await pause(250);
      alice.send(event, { ...call, ...payload });
    }
    await settle(alice, bob);
    assert.equal(alice.count('call:error'), 0);
    assert.deepEqual(bob.names(), sent);
    assert.deepEqual(
      bob.all('webrtc:offer').map((data) => data.offer.sdp),
      Array.from({ length: 500 }, (_, n) => n).filter((n) => n % 3 === 0).map((n) => `v=${n}`),
    );
  });

  test('to a device that stops reading are never lost in silence: it is cut off, or gets them all', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    const wire = bob.socket.io.engine.transport.ws;
    wire.pause();
    const many = 60; // as many as the limit on bytes lets through at once
    for (let n = 0; n < many; n += 1) alice.send('webrtc:offer', { ...call, offer: sdp('offer', 60_000) });
    await alice.settled();
    wire.resume();
    const cutOff = bob.disconnected().then(() => 'cut off');
    const gotAll = bob.settled().then(() => 'got all', () => 'cut off');
    if ((await Promise.race([cutOff, gotAll])) === 'got all') assert.equal(bob.count('webrtc:offer'), many);
    else await alice.next('call:participant-reconnecting');
  });

  test('pass over long polling alone, in order', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob'], { client: { transports: ['polling'] } });
    for (let n = 0; n < 100; n += 1) alice.send('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
    await settle(alice, bob);
    assert.deepEqual(bob.all('webrtc:ice-candidate').map((data) => data.candidate), Array.from({ length: 100 }, (_, n) => candidate(n)));
  });

  test('keep their order while the transport is upgraded from polling to WebSocket', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob'], { client: { transports: ['polling', 'websocket'] } });
    for (let n = 0; n < 200; n += 1) {
      alice.send('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
      if (n % 20 === 0) await pause(5);
    }
    await settle(alice, bob);
    assert.deepEqual(bob.all('webrtc:ice-candidate').map((data) => data.candidate), Array.from({ length: 200 }, (_, n) => candidate(n)));
  });
});

/** Keeps a sender below the documented rate; nothing is awaited by it. */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('groups', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('a video call takes 6 and is then CALL_FULL', async (t) => {
    const names = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'];
    const scene = await ring(t, server, names.slice(0, 2), { callType: 'video' });
    await server.putChat(scene.chatId, [...Object.values(scene.ids), ...names.slice(2).map((name) => `${name}-${scene.chatId}`)]);
    await scene.bob.ask('call:accept', scene.call);
    for (const name of names.slice(2, 6)) {
      const client = await scene.connect(`${name}-${scene.chatId}`);
      await client.ask('call:join', scene.call);
    }
    const seventh = await scene.connect(`grace-${scene.chatId}`);
    assert.equal(await seventh.refusedWith('call:join', scene.call), 'CALL_FULL');
    await scene.bob.ask('call:leave', scene.call);
    await seventh.ask('call:join', scene.call);
  });

  test('a call of 12 works, and the thirteenth finds it full', async (t) => {
    const names = Array.from({ length: 13 }, (_, n) => `member${n}`);
    const scene = await meet(t, server, names);
    const targetUserIds = names.slice(1, 12).map((name) => scene.ids[name]);
    const { sessionId } = await scene.member0.ask('call:initiate', { chatId: scene.chatId, callType: 'voice', targetUserIds });
    const call = { sessionId, chatId: scene.chatId };
    const callees = names.slice(1, 12).map((name) => scene[name]);
    await Promise.all(callees.map((client) => client.next('call:incoming')));
    const acks = await Promise.all(callees.map((client) => client.ask('call:accept', call)));
    assert.equal(acks.length, 11);
    await settle(...callees, scene.member0);
    const [live] = (await scene.member0.ask('call:sync')).calls;
    assert.deepEqual(statuses(live), Array(12).fill('joined'));
    assert.equal(scene.member0.count('call:accepted'), 11);
    assert.equal(await scene.member12.refusedWith('call:join', call), 'CALL_FULL');
    const invitation = { sessionId, targetUserIds: [scene.ids.member12] };
    assert.equal(await scene.member0.refusedWith('call:invite', invitation), 'CALL_FULL');
    await scene.member5.ask('call:leave', call);
    await scene.member0.ask('call:invite', invitation);
    await scene.member12.next('call:incoming');
    await scene.member5.ask('call:join', call);
    assert.equal(await scene.member12.refusedWith('call:accept', call), 'CALL_FULL');
    await scene.member4.ask('call:leave', call);
    await scene.member12.ask('call:accept', call);
  });

  test('everyone who is in the call hears who joins, and those who only ring do not', async (t) => {
    const { alice, bob, carol, call, ids } = await ring(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:accept', call);
    await settle(alice, bob, carol);
    assert.equal(carol.count('call:participant-joined'), 0);
    await carol.ask('call:accept', call);
    assert.equal((await bob.next('call:participant-joined', (data) => data.userId === ids.carol)).userId, ids.carol);
    await alice.next('call:participant-joined', (data) => data.userId === ids.carol);
    await settle(alice, bob, carol);
    assert.equal(bob.count('call:accepted'), 0, 'call:accepted is for the caller');
  });

  test('a device that knows no call:answered-elsewhere stops ringing when its user rejects on another', async (t) => {
    const { alice, bob, carol, call, connect } = await ring(t, server, ['alice', 'bob', 'carol']);
    const laptop = await connect('bob', { deviceId: 'laptop' });
    await laptop.next('call:incoming');
    await bob.ask('call:reject', { ...call, reason: 'later' });
    assert.deepEqual(await laptop.next('call:ended'), { ...call, endedBy: bob.userId, reason: 'later' });
    await carol.ask('call:accept', call);
    await alice.next('call:accepted');
    await settle(alice, carol, laptop, bob);
    assert.equal(alice.count('call:ended') + carol.count('call:ended'), 0);
    await alice.ask('call:end', call);
    await settle(alice, laptop, bob);
    assert.equal(laptop.count('call:ended'), 1);
  });

  test('for whoever leaves the call is over on the other devices too, and goes on for the others', async (t) => {
    const { alice, bob, carol, call, ids, connect } = await ring(t, server, ['alice', 'bob', 'carol']);
    const laptop = await connect('bob', { deviceId: 'laptop' });
    await laptop.next('call:incoming');
    await bob.ask('call:accept', call);
    await carol.ask('call:accept', call);
    await bob.ask('call:leave', call);
    assert.deepEqual(await laptop.next('call:ended'), { ...call, endedBy: ids.bob, reason: 'completed' });
    await bob.ask('call:join', call);
    await settle(alice, bob, carol);
    assert.equal(bob.count('call:ended'), 0, 'its ack told it, and it may be in the call again by now');
    assert.equal(alice.count('call:ended') + carol.count('call:ended'), 0);
  });

  test('someone who is no longer a member cannot join', async (t) => {
    const { alice, bob, chatId, ids, connect } = await meet(t, server, ['alice', 'bob', 'carol'], { offline: ['carol'] });
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.next('call:incoming');
    await bob.ask('call:accept', { sessionId });
    await server.putChat(chatId, [ids.alice, ids.bob]);
    const carol = await connect('carol');
    assert.equal(await carol.refusedWith('call:join', { sessionId, chatId }), 'CALL_NOT_FOUND');
  });
});

describe('a device that drops', () => {
  let server;
  before(async () => { server = await TestServer.start({ reconnectGraceMs: 500 }); });
  after(() => server.stop());

  /** Waits until another pair that drops now ran out of grace: then everyone who dropped before has too. */
  async function untilGraceIsOver(t) {
    const clock = await talk(t, server, ['carol', 'dave']);
    await clock.dave.drop();
    await clock.carol.next('call:ended');
  }

  test('has left the call when its grace is over', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
    await bob.drop();
    assert.deepEqual(await alice.next('call:participant-reconnecting'), { sessionId: call.sessionId, userId: ids.bob });
    assert.deepEqual(await alice.next('call:participant-left'), { ...call, userId: ids.bob, reason: 'disconnected' });
    assert.deepEqual(await alice.next('call:ended'), { ...call, endedBy: ids.bob, reason: 'disconnected' });
    const stored = await details(server, ids.alice, call.sessionId);
    assert.equal(stored.status, 'ended');
    assert.equal(stored.endReason, 'disconnected');
  });

  test('that says goodbye has its grace too: a page reload does', async (t) => {
    const { alice, bob, call, ids, connect } = await talk(t, server, ['alice', 'bob']);
    bob.close();
    await alice.next('call:participant-reconnecting');
    const back = await connect('bob');
    await back.ask('call:resume', { sessionId: call.sessionId });
    await alice.next('call:participant-reconnected');
  });

  test('that resumes in time goes on, and nothing ends later', async (t) => {
    const { alice, bob, call, ids, connect } = await talk(t, server, ['alice', 'bob']);
    await bob.drop();
    await alice.next('call:participant-reconnecting');
    const back = await connect('bob');
    await back.ask('call:resume', { sessionId: call.sessionId });
    await alice.next('call:participant-reconnected');
    await alice.ask('webrtc:offer', { ...call, offer: sdp('offer') });
    await back.next('webrtc:offer');
    await untilGraceIsOver(t);
    await settle(alice, back);
    assert.equal(alice.count('call:participant-left'), 0);
    assert.equal(alice.count('call:ended'), 0);
  });

  test('that knows no call:resume is back when it signals, under the new id of its socket', async (t) => {
    const { alice, bob, call, ids, connect } = await talk(t, server, ['alice', 'bob']);
    await bob.drop();
    await alice.next('call:participant-reconnecting');
    const back = await connect('bob');
    await back.ask('call:toggle-audio', { ...call, muted: true });
    await alice.next('call:participant-reconnected', (data) => data.userId === ids.bob);
    await alice.next('call:participant-audio-toggle');
    await alice.ask('webrtc:offer', { ...call, offer: sdp('offer') });
    await back.next('webrtc:offer');
    await untilGraceIsOver(t);
    await settle(alice, back);
    assert.equal(alice.count('call:participant-left'), 0);
  });

  test('that is back under the same id and signals has taken up its call, also without call:resume', async (t) => {
    const { alice, bob, call, connect } = await talk(t, server, ['alice', 'bob'], { client: { deviceId: 'tab' } });
    await bob.drop();
    await alice.next('call:participant-reconnecting');
    const back = await connect('bob', { deviceId: 'tab' });
    await back.ask('webrtc:offer', { ...call, offer: sdp('offer') });
    await alice.next('webrtc:offer');
    assert.equal((await alice.ask('call:sync')).calls[0].participants[1].status, 'joined');
    await untilGraceIsOver(t);
    await settle(alice, back);
    assert.equal(alice.count('call:participant-left'), 0);
  });

  test('in a group leaves it to the others', async (t) => {
    const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await carol.drop();
    for (const client of [alice, bob]) {
      assert.equal((await client.next('call:participant-left')).userId, ids.carol);
    }
    await settle(alice, bob);
    assert.equal(alice.count('call:ended'), 0);
    const [live] = (await alice.ask('call:sync')).calls;
    assert.deepEqual(statuses(live), ['joined', 'joined', 'left']);
  });

  test('whose user turns to another call leaves the first, and hears no end that could be taken for the new one', async (t) => {
    const { alice, bob, call, chatId, ids, connect } = await talk(t, server, ['alice', 'bob', 'carol']);
    await bob.drop();
    await alice.next('call:participant-reconnecting');
    const back = await connect('bob');
    const dave = await TestClient.connect(server, `dave of ${chatId}`);
    t.after(() => dave.close());
    await server.putChat(`${chatId}-2`, [ids.bob, dave.userId]);
    const { sessionId } = await back.ask('call:initiate', { chatId: `${chatId}-2`, callType: 'voice' });
    assert.deepEqual(await alice.next('call:participant-left'), { ...call, userId: ids.bob, reason: 'disconnected' });
    await dave.next('call:incoming');
    await dave.ask('call:accept', { sessionId });
    await back.next('call:accepted');
    await settle(alice, back, dave);
    assert.equal(back.count('call:ended'), 0);
  });

  test('cannot resume after its grace: the call has ended', async (t) => {
    const { alice, bob, call, connect } = await talk(t, server, ['alice', 'bob']);
    await bob.drop();
    await alice.next('call:ended');
    const back = await connect('bob');
    assert.equal(await back.refusedWith('call:resume', { sessionId: call.sessionId }), 'CALL_ENDED');
    await settle(back);
    assert.equal(back.count('call:state'), 0, 'no live call concerns it');
  });

  test('while it only rang keeps ringing elsewhere and can come back to ring', async (t) => {
    const { alice, bob, call, connect } = await ring(t, server, ['alice', 'bob']);
    await bob.drop();
    const back = await connect('bob');
    assert.equal((await back.next('call:incoming')).sessionId, call.sessionId);
    await back.ask('call:accept', call);
    await alice.next('call:accepted');
  });

  test('of the caller while ringing: the call waits for the grace, then is over for the targets', async (t) => {
    const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
    await alice.drop();
    const ended = await bob.next('call:ended');
    assert.equal(ended.sessionId, call.sessionId);
    const stored = await details(server, ids.bob, call.sessionId);
    assert.equal(stored.status, 'missed');
    assert.ok(['cancelled', 'disconnected'].includes(stored.endReason), stored.endReason);
  });

  test('signals to a device that is down fail with TARGET_UNREACHABLE', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    await bob.drop();
    await alice.next('call:participant-reconnecting');
    assert.equal(await alice.refusedWith('webrtc:offer', { ...call, offer: sdp('offer') }), 'TARGET_UNREACHABLE');
  });

  test('a second socket of the same device takes the place of the first, and the call goes on', async (t) => {
    const { alice, bob, call, connect } = await talk(t, server, ['alice', 'bob'], { client: { deviceId: 'tab' } });
    const successor = await connect('bob', { deviceId: 'tab' });
    await successor.ask('call:resume', { sessionId: call.sessionId });
    bob.close();
    await settle(successor, alice);
    await alice.ask('webrtc:offer', { ...call, offer: sdp('offer') });
    await successor.next('webrtc:offer');
    await successor.ask('call:toggle-audio', { ...call, muted: true });
    await alice.next('call:participant-audio-toggle');
    assert.equal(alice.count('call:participant-reconnecting'), 0);
    assert.equal(alice.count('call:participant-left'), 0);
    assert.equal(bob.count('webrtc:offer'), 0);
  });
});
