// A client that knows the reference contract and nothing else has to work unchanged.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { io } from 'socket.io-client';

import { within } from '../helpers/client.mjs';
import { candidate, sdp, uniqueIds } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { detailsBody, historyBody, match, serverEvents, statisticsBody } from '../helpers/shapes.mjs';
import { userToken } from '../helpers/tokens.mjs';

/** The sample of the reference without its media: it listens to the reference's events alone. */
class ReferenceClient {
  static EVENTS = Object.keys(serverEvents).slice(0, 13);

  constructor(url, token, userId) {
    this.userId = userId;
    this.heard = [];
    this.waiting = [];
    this.socket = io(url, { auth: { token }, forceNew: true, reconnection: false });
    for (const event of ReferenceClient.EVENTS) {
      this.socket.on(event, (data) => {
        match(data, serverEvents[event], event);
        this.heard.push({ event, data });
        this.waiting.forEach((look) => look());
      });
    }
  }

  static async connect(t, server, userId) {
    const client = new ReferenceClient(server.url, await userToken(userId, { name: 'From the token' }), userId);
    t.after(() => client.socket.disconnect());
    await within('the connection', (resolve, reject) => client.socket.on('connect', resolve).on('connect_error', reject));
    return client;
  }

  request(event, ...args) {
    return within(`the ack of ${event}`, (resolve) => this.socket.emit(event, ...args, resolve));
  }

  send(event, payload) {
    this.socket.emit(event, payload);
  }

  hears(event) {
    return within(() => `${event} for ${this.userId}; heard ${this.heard.map((h) => h.event)}`, (resolve) => {
      const look = () => {
        const found = this.heard.findIndex((h) => h.event === event);
        if (found < 0) return;
        this.waiting = this.waiting.filter((other) => other !== look);
        resolve(this.heard.splice(found, 1)[0].data);
      };
      this.waiting.push(look);
      look();
    });
  }
}

async function chatOf(t, server, ...names) {
  const { chatId, ids } = uniqueIds(names);
  await server.putChat(chatId, names.map((name) => ({ id: ids[name], name: `${name} Doe`, avatar: `https://pictures.example/${name}.png` })), 'Friends');
  const clients = await Promise.all(names.map((name) => ReferenceClient.connect(t, server, ids[name])));
  return { chatId, clients, ids };
}

describe('a client written from the reference alone', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('gets an RTCConfiguration', async (t) => {
    const { clients: [alice] } = await chatOf(t, server, 'alice');
    const response = await alice.request('webrtc:config:get');
    assert.ok(Array.isArray(response.config.iceServers));
  });

  test('completes a call: initiate, accept, offer, answer, candidates, mute, video, quality, end', async (t) => {
    const { chatId, clients: [alice, bob], ids } = await chatOf(t, server, 'alice', 'bob');

    const initiated = await alice.request('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
    assert.equal(initiated.success, true);
    const { sessionId } = initiated;
    assert.deepEqual(await alice.hears('call:ringing'), { sessionId, chatId, targetUserIds: [ids.bob] });
    const incoming = await bob.hears('call:incoming');
    assert.equal(incoming.sessionId, sessionId);
    assert.equal(incoming.chatId, chatId);
    assert.equal(incoming.callType, 'voice');
    assert.equal(incoming.callerId, ids.alice);
    assert.equal(incoming.callerName, 'alice Doe');
    assert.equal(incoming.callerAvatar, 'https://pictures.example/alice.png');

    assert.equal((await bob.request('call:accept', { sessionId, chatId })).success, true);
    const accepted = await alice.hears('call:accepted');
    assert.equal(accepted.acceptedBy, ids.bob);
    assert.equal((await alice.hears('call:participant-joined')).userId, ids.bob);

    alice.send('webrtc:offer', { sessionId, targetUserId: accepted.acceptedBy, offer: sdp('offer'), chatId });
    const offered = await bob.hears('webrtc:offer');
    assert.deepEqual(offered.offer, sdp('offer'));
    assert.equal(offered.fromUserId, ids.alice);
    assert.equal(offered.chatId, chatId);
    bob.send('webrtc:answer', { sessionId: offered.sessionId, targetUserId: offered.fromUserId, answer: sdp('answer'), chatId: offered.chatId });
    const answered = await alice.hears('webrtc:answer');
    assert.deepEqual(answered.answer, sdp('answer'));
    assert.equal(answered.fromUserId, ids.bob);

    for (const [from, to, target] of [[alice, bob, ids.bob], [bob, alice, ids.alice]]) {
      for (let n = 0; n < 10; n += 1) {
        from.send('webrtc:ice-candidate', { sessionId, targetUserId: target, candidate: candidate(n), chatId });
      }
      for (let n = 0; n < 10; n += 1) {
        const received = await to.hears('webrtc:ice-candidate');
        assert.deepEqual(received.candidate, candidate(n));
        assert.equal(received.fromUserId, from.userId);
        assert.equal(received.chatId, chatId);
      }
    }

    alice.send('call:toggle-audio', { sessionId, chatId, muted: true });
    assert.deepEqual(await bob.hears('call:participant-audio-toggle'), { sessionId, userId: ids.alice, muted: true });
    bob.send('call:toggle-video', { sessionId, chatId, enabled: false });
    assert.deepEqual(await alice.hears('call:participant-video-toggle'), { sessionId, userId: ids.bob, enabled: false });
    alice.send('call:quality', { sessionId, quality: { avgBitrate: 128000, packetLoss: 0.5, jitter: 20 } });

    assert.equal((await alice.request('call:end', { sessionId, chatId, reason: 'completed' })).success, true);
    for (const client of [alice, bob]) {
      assert.deepEqual(await client.hears('call:ended'), { sessionId, chatId, endedBy: ids.alice, reason: 'completed' });
    }

    await t.test('and reads its history', async () => {
      const { status, body } = await server.as(ids.bob, `/api/calls?chatId=${chatId}&type=voice&status=ended&limit=50&offset=0`);
      assert.equal(status, 200);
      match(body, historyBody);
      assert.deepEqual(body.data.pagination, { total: 1, limit: 50, offset: 0, hasMore: false });
      const [call] = body.data.calls;
      assert.equal(call.id, sessionId);
      assert.deepEqual(call.chatId, { id: chatId, name: 'Friends' });
      assert.equal(call.status, 'ended');
      assert.equal(call.isIncoming, true);
      assert.equal(call.isOutgoing, false);
      assert.deepEqual(call.caller, { id: ids.alice, name: 'alice Doe', avatar: 'https://pictures.example/alice.png' });
      assert.equal(call.endReason, 'completed');
      assert.deepEqual(call.quality, { avgBitrate: 128000, packetLoss: 0.5, jitter: 20 });
      assert.ok(Date.parse(call.initiatedAt) <= Date.parse(call.startedAt));
      assert.ok(Date.parse(call.startedAt) <= Date.parse(call.endedAt));
    });

    await t.test('and the details', async () => {
      const { status, body } = await server.as(ids.alice, `/api/calls/${sessionId}`);
      assert.equal(status, 200);
      match(body, detailsBody);
      assert.equal(body.data.isOutgoing, true);
      assert.equal(body.data.isIncoming, false);
      assert.deepEqual(body.data.participants.map((p) => p.user.id), [ids.alice, ids.bob]);
    });

    await t.test('and the statistics', async () => {
      const { status, body } = await server.as(ids.alice, `/api/calls/stats?chatId=${chatId}&timeframe=30d`);
      assert.equal(status, 200);
      match(body, statisticsBody);
      assert.equal(body.data.timeframe, '30d');
      assert.equal(body.data.stats.total, 1);
      assert.deepEqual(body.data.stats.byType, { voice: 1, video: 0 });
      assert.deepEqual(body.data.stats.byStatus, { ended: 1, missed: 0, rejected: 0 });
      assert.deepEqual(body.data.stats.byDirection, { incoming: 0, outgoing: 1 });
      assert.equal(body.data.stats.recentCalls.length, 1);
      assert.deepEqual(Object.values(body.data.callFrequency), [1]);
      assert.deepEqual(body.data.quality, { avgPacketLoss: 0.5, avgJitter: 20, avgBitrate: 128000 });
    });
  });

  test('rejects with a reason that reaches the caller', async (t) => {
    const { chatId, clients: [alice, bob], ids } = await chatOf(t, server, 'alice', 'bob');
    const { sessionId } = await alice.request('call:initiate', { chatId, callType: 'video' });
    await bob.hears('call:incoming');
    assert.equal((await bob.request('call:reject', { sessionId, chatId, reason: 'busy' })).success, true);
    assert.deepEqual(await alice.hears('call:rejected'), { sessionId, chatId, rejectedBy: ids.bob, reason: 'busy' });
    assert.equal((await alice.hears('call:ended')).reason, 'busy');
  });

  test('sends candidates without targetUserId, as the sample of the reference does on the caller side', async (t) => {
    const { chatId, clients: [alice, bob] } = await chatOf(t, server, 'alice', 'bob');
    const { sessionId } = await alice.request('call:initiate', { chatId, callType: 'voice' });
    await bob.hears('call:incoming');
    await bob.request('call:accept', { sessionId, chatId });
    await alice.hears('call:accepted');
    alice.send('webrtc:ice-candidate', { sessionId, targetUserId: undefined, candidate: candidate(), chatId: undefined });
    assert.deepEqual((await bob.hears('webrtc:ice-candidate')).candidate, candidate());
    alice.send('webrtc:ice-candidate', { sessionId, targetUserId: null, candidate: candidate(2), chatId: null });
    assert.deepEqual((await bob.hears('webrtc:ice-candidate')).candidate, candidate(2));
  });

  test('talks in a group of three, where one leaves and the other two go on', async (t) => {
    const { chatId, clients: [alice, bob, carol], ids } = await chatOf(t, server, 'alice', 'bob', 'carol');
    const { sessionId } = await alice.request('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob, ids.carol] });
    await Promise.all([bob.hears('call:incoming'), carol.hears('call:incoming')]);
    await bob.request('call:accept', { sessionId, chatId });
    assert.equal((await alice.hears('call:accepted')).acceptedBy, ids.bob);
    await carol.request('call:accept', { sessionId, chatId });
    assert.equal((await alice.hears('call:accepted')).acceptedBy, ids.carol);
    assert.deepEqual(
      [(await alice.hears('call:participant-joined')).userId, (await alice.hears('call:participant-joined')).userId],
      [ids.bob, ids.carol],
    );

    bob.send('webrtc:offer', { sessionId, targetUserId: ids.carol, offer: sdp('offer'), chatId });
    assert.equal((await carol.hears('webrtc:offer')).fromUserId, ids.bob);
    carol.send('webrtc:answer', { sessionId, targetUserId: ids.bob, answer: sdp('answer'), chatId });
    assert.equal((await bob.hears('webrtc:answer')).fromUserId, ids.carol);

    assert.equal((await carol.request('call:leave', { sessionId, chatId })).success, true);
    for (const client of [alice, bob]) {
      const left = await client.hears('call:participant-left');
      assert.equal(left.userId, ids.carol);
      assert.equal(left.sessionId, sessionId);
    }
    alice.send('webrtc:ice-candidate', { sessionId, targetUserId: ids.bob, candidate: candidate(), chatId });
    await bob.hears('webrtc:ice-candidate');
    assert.equal((await alice.request('call:end', { sessionId, chatId })).success, true);
    assert.equal((await bob.hears('call:ended')).endedBy, ids.alice);
  });

  test('is told of a failure in the ack it expects', async (t) => {
    const { chatId, clients: [alice] } = await chatOf(t, server, 'alice');
    const response = await alice.request('call:initiate', { chatId, callType: 'voice' });
    assert.equal(response.success, false);
    assert.equal(typeof response.error, 'string');
    assert.ok(response.error.length > 10);
  });
});
