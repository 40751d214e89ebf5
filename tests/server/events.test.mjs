// Every event in both directions: its ack, its exact payload, and whom it reaches.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { candidate, meet, ring, sdp, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { acks, match, matchEvents, serverEvents } from '../helpers/shapes.mjs';

describe('every event', () => {
  let server;
  const heard = new Set();
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  /** Asserts the shape of everything these clients heard, and remembers what was seen. */
  function account(...clients) {
    matchEvents(...clients);
    clients.forEach((client) => client.names().forEach((name) => heard.add(name)));
  }

  async function acked(client, event, payload) {
    const ack = await (payload === undefined ? client.ask(event) : client.ask(event, payload));
    match(ack, acks[event], `the ack of ${event}`);
    return ack;
  }

  test('webrtc:config:get is acked with the configuration and what the server can do', async (t) => {
    const { alice } = await meet(t, server, ['alice'], { client: { deviceId: 'laptop' } });
    const ack = await acked(alice, 'webrtc:config:get');
    assert.deepEqual(ack.config.iceServers, [], 'nothing points at a third party by default');
    assert.equal(ack.protocol.version, 1);
    for (const feature of ['acks', 'devices', 'early-offer', 'join', 'invite', 'resume', 'sync', 'call-error']) {
      assert.ok(ack.protocol.features.includes(feature), feature);
    }
    assert.deepEqual(ack.you, { userId: alice.userId, deviceId: 'laptop' });
    assert.deepEqual(ack.timeouts, { ringTimeoutMs: 45_000, reconnectGraceMs: 30_000 });
    assert.equal(ack.media.voice.echoCancellation, true);
    assert.ok(ack.media.video.width > 0);
  });

  test('webrtc:config:get accepts a payload before the ack', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    assert.ok((await acked(alice, 'webrtc:config:get', {})).config);
    assert.ok((await acked(alice, 'webrtc:config:get', null)).config);
  });

  test('a device without a deviceId is named by its socket', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    assert.equal((await acked(alice, 'webrtc:config:get')).you.deviceId, alice.socket.id);
  });

  test('a call one to one carries every event of the reference with its exact payload', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob'], { client: {} });
    const { sessionId, targetUserIds, call } = await acked(alice, 'call:initiate', { chatId, callType: 'video', targetUserIds: [ids.bob] });
    assert.deepEqual(targetUserIds, [ids.bob]);
    assert.equal(call.status, 'ringing');
    assert.deepEqual(await alice.next('call:ringing'), { sessionId, chatId, targetUserIds: [ids.bob] });
    const incoming = await bob.next('call:incoming');
    assert.deepEqual(
      { ...incoming, callerDeviceId: undefined, targetUserIds: undefined, ringTimeoutMs: undefined },
      {
        sessionId, chatId, callType: 'video', callerId: ids.alice, callerName: 'Alice',
        callerAvatar: 'https://pictures.example/alice.png',
        callerDeviceId: undefined, targetUserIds: undefined, ringTimeoutMs: undefined,
      },
    );
    assert.ok(incoming.ringTimeoutMs > 40_000 && incoming.ringTimeoutMs <= 45_000);
    const accepted = await acked(bob, 'call:accept', { sessionId, chatId });
    assert.equal(accepted.call.status, 'ongoing');
    assert.deepEqual(await alice.next('call:accepted'), { sessionId, chatId, acceptedBy: ids.bob, deviceId: bob.socket.id });
    assert.deepEqual(await alice.next('call:participant-joined'), { sessionId, chatId, userId: ids.bob, deviceId: bob.socket.id });

    const to = { sessionId, chatId, targetUserId: ids.bob };
    const from = { sessionId, chatId, fromUserId: ids.alice, fromDeviceId: alice.socket.id };
    await acked(alice, 'webrtc:offer', { ...to, offer: sdp('offer') });
    assert.deepEqual(await bob.next('webrtc:offer'), { ...from, offer: sdp('offer') });
    await acked(alice, 'webrtc:answer', { ...to, answer: sdp('answer') });
    assert.deepEqual(await bob.next('webrtc:answer'), { ...from, answer: sdp('answer') });
    await acked(alice, 'webrtc:ice-candidate', { ...to, candidate: candidate() });
    assert.deepEqual(await bob.next('webrtc:ice-candidate'), { ...from, candidate: candidate() });
    await acked(alice, 'call:toggle-audio', { sessionId, chatId, muted: true });
    assert.deepEqual(await bob.next('call:participant-audio-toggle'), { sessionId, userId: ids.alice, muted: true });
    await acked(alice, 'call:toggle-video', { sessionId, chatId, enabled: true });
    assert.deepEqual(await bob.next('call:participant-video-toggle'), { sessionId, userId: ids.alice, enabled: true });
    await acked(alice, 'call:quality', { sessionId, quality: { avgBitrate: 64_000, packetLoss: 0, jitter: 1.5 } });
    await acked(bob, 'call:end', { sessionId, chatId });
    for (const client of [alice, bob]) {
      assert.deepEqual(await client.next('call:ended'), { sessionId, chatId, endedBy: ids.bob, reason: 'completed' });
    }
    await settle(alice, bob);
    assert.equal(alice.count('call:participant-audio-toggle'), 0, 'the one who muted is not told');
    account(alice, bob);
  });

  test('call:reject is acked and reaches the caller as call:rejected, then call:ended', async (t) => {
    const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
    await acked(bob, 'call:reject', { ...call, reason: 'in a meeting' });
    assert.deepEqual(await alice.next('call:rejected'), { ...call, rejectedBy: ids.bob, reason: 'in a meeting' });
    const ended = { ...call, endedBy: ids.bob, reason: 'in a meeting' };
    assert.deepEqual(await alice.next('call:ended'), ended);
    assert.deepEqual(await bob.next('call:ended'), ended);
    account(alice, bob);
  });

  test('call:leave is acked and reaches the others as call:participant-left', async (t) => {
    const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await acked(bob, 'call:leave', call);
    for (const client of [alice, carol]) {
      const { reason, ...left } = await client.next('call:participant-left');
      assert.deepEqual(left, { ...call, userId: ids.bob });
      assert.equal(reason, 'completed');
    }
    account(alice, bob, carol);
  });

  test('call:join enters a running call of the chat', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.next('call:incoming');
    await bob.ask('call:accept', { sessionId });
    const { call } = await acked(carol, 'call:join', { sessionId, chatId });
    assert.deepEqual(call.participants.map((p) => [p.userId, p.status]), [[ids.alice, 'joined'], [ids.bob, 'joined'], [ids.carol, 'joined']]);
    for (const client of [alice, bob]) {
      await client.next('call:participant-joined', (data) => data.userId === ids.carol);
    }
    await acked(carol, 'webrtc:offer', { sessionId, targetUserId: ids.bob, offer: sdp('offer') });
    assert.equal((await bob.next('webrtc:offer')).fromUserId, ids.carol);
    account(alice, bob, carol);
  });

  test('call:invite calls more people into a call', async (t) => {
    const { alice, bob, carol, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.next('call:incoming');
    await bob.ask('call:accept', { sessionId });
    await acked(bob, 'call:invite', { sessionId, targetUserIds: [ids.carol] });
    assert.equal((await carol.next('call:incoming')).sessionId, sessionId);
    await carol.ask('call:accept', { sessionId, chatId });
    for (const client of [alice, bob]) {
      await client.next('call:participant-joined', (data) => data.userId === ids.carol);
    }
    account(alice, bob, carol);
  });

  test('call:sync lists the live calls that concern the user, and none after the end', async (t) => {
    const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob']);
    const { calls: [ringing] } = await acked(bob, 'call:sync');
    assert.equal(ringing.sessionId, call.sessionId);
    assert.equal(ringing.status, 'ringing');
    assert.deepEqual(ringing.participants.map((p) => [p.userId, p.name, p.status]), [[ids.alice, 'Alice', 'joined'], [ids.bob, 'Bob', 'ringing']]);
    await bob.ask('call:accept', call);
    const { calls: [ongoing] } = await acked(alice, 'call:sync');
    assert.equal(ongoing.status, 'ongoing');
    assert.ok(ongoing.version > ringing.version);
    await alice.ask('call:end', call);
    assert.deepEqual((await acked(alice, 'call:sync')).calls, []);
  });

  test('a user who is in no call hears nothing of one', async (t) => {
    const { bob: stranger } = await meet(t, server, ['bob']);
    const { alice, call } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:end', call);
    await settle(alice, stranger);
    assert.deepEqual(stranger.names(), []);
    assert.deepEqual((await acked(stranger, 'call:sync')).calls, []);
  });

  test('call:answered-elsewhere stops the ringing of the other devices', async (t) => {
    const { alice, call, ids, connect, bob } = await ring(t, server, ['alice', 'bob'], { client: {} });
    const tablet = await connect('bob', { deviceId: 'tablet' });
    await tablet.next('call:incoming');
    await tablet.ask('call:accept', call);
    assert.deepEqual(await bob.next('call:answered-elsewhere'), { ...call, action: 'accepted', deviceId: 'tablet' });
    assert.equal((await alice.next('call:accepted')).acceptedBy, ids.bob);
    account(alice, bob, tablet);
  });

  test('a dropped device is announced, and call:resume brings it back', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob'], { client: {} });
    await bob.drop();
    assert.deepEqual(await alice.next('call:participant-reconnecting'), { sessionId: call.sessionId, userId: ids.bob });
    const back = await TestClient.connect(server, ids.bob);
    t.after(() => back.close());
    const { calls } = await back.next('call:state');
    assert.equal(calls[0].sessionId, call.sessionId);
    assert.equal(calls[0].participants[1].status, 'reconnecting');
    const { call: resumed } = await acked(back, 'call:resume', { sessionId: call.sessionId });
    assert.equal(resumed.participants[1].status, 'joined');
    assert.deepEqual(await alice.next('call:participant-reconnected'), { sessionId: call.sessionId, userId: ids.bob, deviceId: back.socket.id });
    account(alice, bob, back);
  });

  test('an event that fails without an ack is answered with call:error', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    alice.send('call:leave', { sessionId: 'no-such-call', chatId: 'x' });
    const error = await alice.next('call:error');
    assert.equal(error.event, 'call:leave');
    assert.equal(error.sessionId, 'no-such-call');
    assert.equal(error.code, 'CALL_NOT_FOUND');
    account(alice);
  });

  test('every event of a client has an ack also where the reference shows none', () => {
    assert.equal(Object.keys(acks).length, 16);
  });

  test('a call that nobody answers is missed on both sides, and the server says goodbye when it stops', async (t) => {
    const short = await TestServer.start({ ringTimeoutMs: 300 });
    t.after(() => short.stop());
    const { alice, bob, call, ids } = await ring(t, short, ['alice', 'bob']);
    for (const client of [alice, bob]) {
      assert.deepEqual(await client.next('call:missed'), { ...call, callerId: ids.alice });
      assert.deepEqual(await client.next('call:ended'), { ...call, endedBy: ids.alice, reason: 'missed' });
    }
    short.requestStop();
    assert.ok((await alice.next('server:draining')).retryAfterMs > 0);
    assert.equal(await short.exited(), 0);
    account(alice, bob);
  });

  test('all 13 server events of the reference and all added ones were heard above', () => {
    assert.deepEqual(Object.keys(serverEvents).filter((name) => !heard.has(name)), []);
  });
});
