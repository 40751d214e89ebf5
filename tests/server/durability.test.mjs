// What was acknowledged is never lost: the process is killed, again and again, at any moment.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { candidate, meet, ring, sdp, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { matchEvents } from '../helpers/shapes.mjs';

const details = async (server, userId, sessionId) => (await server.as(userId, `/api/calls/${sessionId}`)).body?.data;

/** A repeatable series of numbers from 0 to 1, so that a failure can be run again. */
function series(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/**
 * Lives through calls until the socket dies, and notes every transition that was acknowledged.
 * A note is `{ sessionId, acked: 'ringing' | 'ongoing' | 'ended' | 'rejected' | 'missed', asked }`:
 * `asked` names the transition that was on its way when the process died.
 */
async function liveThroughCalls({ alice, bob, chatId }, random, notes, stop) {
  for (;;) {
    const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice' });
    const note = { sessionId, acked: 'ringing', asked: null };
    notes.push(note);
    const step = async (client, event, becomes) => {
      note.asked = becomes;
      await client.ask(event, { sessionId, chatId });
      note.acked = becomes;
      note.asked = null;
    };
    const dice = random();
    if (dice < 0.15) {
      await step(bob, 'call:reject', 'rejected');
    } else if (dice < 0.3) {
      await step(alice, 'call:end', 'missed');
    } else {
      await step(bob, 'call:accept', 'ongoing');
      for (let n = 0; n < 5; n += 1) alice.send('webrtc:ice-candidate', { sessionId, candidate: candidate(n) });
      await step(dice < 0.65 ? alice : bob, dice < 0.8 ? 'call:end' : 'call:leave', 'ended');
    }
    if (stop()) return;
  }
}

describe('kill -9', () => {
  test('at any of 36 moments loses no acknowledged transition', async (t) => {
    const pairs = 3;
    const lives = 12;
    const random = series(20_250_101);
    const server = await TestServer.start({ ringTimeoutMs: 60_000, reconnectGraceMs: 60_000 });
    t.after(() => server.stop());
    // Each kill hits three pairs of people, each somewhere else in its calls.
    const chats = await Promise.all(Array.from({ length: pairs }, () => meet(t, server, ['alice', 'bob'], { client: { deviceId: 'device' } })));
    chats.forEach((scene) => [scene.alice, scene.bob].forEach((client) => client.close()));
    let acked = 0;
    for (let life = 0; life < lives * 3; life += 1) {
      const notes = chats.map(() => []);
      const devices = await Promise.all(chats.map(async ({ ids, chatId }) => {
        const [alice, bob] = await Promise.all([ids.alice, ids.bob].map((id) => TestClient.connect(server, id, { deviceId: 'device' })));
        for (const { sessionId } of (await alice.ask('call:sync')).calls) await alice.ask('call:end', { sessionId }).catch(() => {});
        return { alice, bob, chatId };
      }));
      const killed = new Promise((resolve) => setTimeout(resolve, 5 + random() * 120)).then(() => server.kill());
      await Promise.all(devices.map((pair, n) => liveThroughCalls(pair, random, notes[n], () => false).catch(() => {})));
      await killed;
      devices.forEach(({ alice, bob }) => [alice, bob].forEach((client) => client.close()));
      await server.restart();
      for (const [n, { ids }] of chats.entries()) {
        for (const { sessionId, acked: known, asked } of notes[n]) {
          const stored = await details(server, ids.alice, sessionId);
          assert.ok(stored, `life ${life}: the call ${sessionId} is gone; it was ${known}`);
          assert.ok([known, asked].includes(stored.status), `life ${life}: ${sessionId} is ${stored.status}; acknowledged was ${known}, asked ${asked}`);
          acked += 1;
        }
      }
    }
    assert.ok(acked > lives * pairs * 3, `${acked} calls were looked at`);
  });

  test('during a call: both come back by themselves, resume, signal, and the end has the right duration', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob'], { client: { deviceId: 'd', reconnection: true } });
    const before = await details(server, ids.alice, call.sessionId);
    for (let time = 0; time < 2; time += 1) {
      [alice, bob].forEach((client) => client.forget());
      await server.kill();
      await Promise.all([alice.disconnected(), bob.disconnected()]);
      await server.restart();
      await Promise.all([alice.connected(), bob.connected()]);
      for (const client of [alice, bob]) {
        const { calls } = await client.next('call:state');
        assert.equal(calls[0].sessionId, call.sessionId);
        assert.equal(calls[0].status, 'ongoing');
        await client.ask('call:resume', { sessionId: call.sessionId });
      }
      await settle(alice, bob);
      await alice.ask('webrtc:offer', { ...call, offer: sdp('offer') });
      assert.deepEqual((await bob.next('webrtc:offer')).offer, sdp('offer'));
      await bob.ask('call:toggle-audio', { ...call, muted: true });
      await alice.next('call:participant-audio-toggle');
      matchEvents(alice, bob);
    }
    await alice.ask('call:end', call);
    await bob.next('call:ended');
    const stored = await details(server, ids.bob, call.sessionId);
    assert.equal(stored.status, 'ended');
    assert.equal(stored.startedAt, before.startedAt);
    assert.equal(stored.duration, Math.floor((Date.parse(stored.endedAt) - Date.parse(before.startedAt)) / 1000));
  });

  test('during a call: who does not come back has left when the grace is over', async (t) => {
    const server = await TestServer.start({ reconnectGraceMs: 800 });
    t.after(() => server.stop());
    const { alice, call, ids } = await talk(t, server, ['alice', 'bob'], { client: { deviceId: 'd' } });
    await server.kill();
    await alice.disconnected();
    await server.restart();
    const back = await TestClient.connect(server, ids.alice, { deviceId: 'd' });
    t.after(() => back.close());
    await back.ask('call:resume', { sessionId: call.sessionId });
    assert.equal((await back.next('call:ended')).reason, 'disconnected');
    assert.equal((await details(server, ids.alice, call.sessionId)).status, 'ended');
  });

  test('during a call: when nobody comes back the call still ends', async (t) => {
    const server = await TestServer.start({ reconnectGraceMs: 400 });
    t.after(() => server.stop());
    const { alice, call, ids } = await talk(t, server, ['alice', 'bob']);
    await server.kill();
    await alice.disconnected();
    await server.restart();
    const witness = await talk(t, server, ['carol', 'dave']);
    await witness.dave.drop();
    await witness.carol.next('call:ended');
    const stored = await details(server, ids.alice, call.sessionId);
    assert.equal(stored.status, 'ended');
    assert.equal(stored.endReason, 'disconnected');
  });

  test('while it rings: the ring time goes on, and what rings can be answered', async (t) => {
    const server = await TestServer.start({ ringTimeoutMs: 30_000 });
    t.after(() => server.stop());
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob'], { client: { deviceId: 'd', reconnection: true } });
    const [before] = (await alice.ask('call:sync')).calls;
    bob.forget();
    await server.kill();
    await Promise.all([alice.disconnected(), bob.disconnected()]);
    await server.restart();
    await Promise.all([alice.connected(), bob.connected()]);
    const incoming = await bob.next('call:incoming');
    assert.equal(incoming.sessionId, call.sessionId);
    assert.ok(incoming.ringTimeoutMs <= 30_000 - (Date.now() - before.initiatedAtMs) + 1000, String(incoming.ringTimeoutMs));
    await alice.ask('call:resume', { sessionId: call.sessionId });
    await bob.ask('call:accept', call);
    await alice.next('call:accepted');
  });

  test('while it rings: it is missed when the time ends after the restart', async (t) => {
    const server = await TestServer.start({ ringTimeoutMs: 1500 });
    t.after(() => server.stop());
    const { alice, bob, call, ids } = await ring(t, server, ['alice', 'bob'], { client: { deviceId: 'd', reconnection: true } });
    await server.kill();
    await Promise.all([alice.disconnected(), bob.disconnected()]);
    await server.restart();
    await Promise.all([alice.connected(), bob.connected()]);
    await bob.next('call:missed');
    await alice.next('call:missed');
    assert.equal((await details(server, ids.bob, call.sessionId)).status, 'missed');
  });

  test('while it rings: it is missed when the time ended while the server was down', async (t) => {
    const server = await TestServer.start({ ringTimeoutMs: 400 });
    t.after(() => server.stop());
    const { alice, call, ids, chatId } = await ring(t, server, ['alice', 'bob'], { client: { deviceId: 'd' } });
    await server.kill();
    await alice.disconnected();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.restart();
    // A call that is placed and missed now shows that the sweep of the start has had its time.
    const witness = await ring(t, server, ['carol', 'dave']);
    await witness.carol.next('call:missed');
    const stored = await details(server, ids.bob, call.sessionId);
    assert.equal(stored.status, 'missed');
    assert.equal(stored.endReason, 'missed');
    assert.equal(stored.userStatus, 'missed');
    const again = await TestClient.connect(server, ids.alice, { deviceId: 'd' });
    t.after(() => again.close());
    await again.ask('call:initiate', { chatId, callType: 'voice' });
  });

  test('keeps chats and the requestId of a call', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    const { alice, chatId, ids } = await meet(t, server, ['alice', 'bob'], { client: { deviceId: 'd' } });
    const request = { chatId, callType: 'voice', requestId: 'once' };
    const { sessionId } = await alice.ask('call:initiate', request);
    await server.kill();
    await server.restart();
    const back = await TestClient.connect(server, ids.alice, { deviceId: 'd' });
    t.after(() => back.close());
    assert.equal((await back.ask('call:initiate', request)).sessionId, sessionId);
    assert.equal((await server.as(ids.alice, '/api/calls')).body.data.pagination.total, 1);
  });
});
