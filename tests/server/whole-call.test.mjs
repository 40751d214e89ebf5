// What the server adds to a call that goes on: who is muted and seen, fresh pages, paths made ahead of
// the answer, the timeline and the quality of each link.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { settle } from '../helpers/client.mjs';
import { candidate, meet, ring, sdp, talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';

const quality = { avgBitrate: 40_000, packetLoss: 0, jitter: 3 };
const shown = (snapshot, userId) => {
  const { muted, video } = snapshot.participants.find((one) => one.userId === userId);
  return { muted, video };
};

describe('who is muted and seen', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('stands in what a late comer, a resuming device and call:sync are told', async (t) => {
    const { alice, bob, carol, call, chatId, ids, connect } = await talk(t, server, ['alice', 'bob', 'carol', 'dave'], { offline: ['dave'] });
    const dave = await connect('dave');
    await bob.ask('call:toggle-audio', { ...call, muted: true });
    await bob.ask('call:toggle-video', { ...call, enabled: true, source: 'screen' });
    await carol.ask('call:toggle-video', { ...call, enabled: true });
    const late = await dave.ask('call:join', call);
    assert.deepEqual(shown(late.call, ids.bob), { muted: true, video: 'screen' });
    assert.deepEqual(shown(late.call, ids.carol), { muted: undefined, video: 'camera' });
    assert.deepEqual(shown(late.call, ids.alice), { muted: undefined, video: undefined }, 'alice has said nothing');
    await carol.ask('call:toggle-video', { ...call, enabled: false });
    const tablet = await connect('dave', { deviceId: 'tablet' });
    const [state] = (await tablet.next('call:state')).calls;
    assert.deepEqual(shown(state, ids.carol), { muted: undefined, video: 'off' });
    const [live] = (await alice.ask('call:sync')).calls.filter((one) => one.chatId === chatId);
    assert.deepEqual(shown(live, ids.bob), { muted: true, video: 'screen' });
  });

  test('is told with its source, and without one to a client that gives none', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:toggle-video', { ...call, enabled: true, source: 'screen' });
    await alice.ask('call:toggle-video', { ...call, enabled: false });
    const told = { sessionId: call.sessionId, userId: ids.alice };
    assert.deepEqual(await bob.next('call:participant-video-toggle'), { ...told, enabled: true, source: 'screen' });
    assert.deepEqual(await bob.next('call:participant-video-toggle'), { ...told, enabled: false });
    assert.equal(await alice.refusedWith('call:toggle-video', { ...call, enabled: true, source: 'window' }), 'INVALID_PAYLOAD');
  });

  test('is forgotten of somebody who comes in again', async (t) => {
    const { bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:toggle-audio', { ...call, muted: true });
    await bob.ask('call:leave', call);
    await bob.ask('call:join', call);
    const [live] = (await carol.ask('call:sync')).calls;
    assert.deepEqual(shown(live, ids.bob), { muted: undefined, video: undefined });
  });
});

describe('a page that was loaded anew', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('says so, and the others hear it; one that only reconnects does not', async (t) => {
    const scene = await ring(t, server, ['alice', 'bob']);
    const tab = await scene.connect('bob', { deviceId: 'tab' });
    await tab.next('call:incoming');
    await tab.ask('call:accept', scene.call);
    const told = { sessionId: scene.sessionId, userId: scene.ids.bob, deviceId: 'tab' };
    let device = tab;
    for (const fresh of [true, undefined]) {
      await device.drop();
      await scene.alice.next('call:participant-reconnecting');
      device = await scene.connect('bob', { deviceId: 'tab' });
      await device.ask('call:resume', { sessionId: scene.sessionId, ...(fresh && { fresh }) });
      assert.deepEqual(await scene.alice.next('call:participant-reconnected'), { ...told, ...(fresh && { fresh }) });
    }
  });
});

describe('signals ahead of the answer', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  /** Alice calls bob, who rings on phone and laptop; carol is in the chat and is not called. */
  async function ringing(t, preconnect) {
    const scene = await meet(t, server, ['alice', 'bob', 'carol'], { offline: ['alice', 'bob'] });
    const [desk, phone, laptop] = await Promise.all([
      scene.connect('alice', { deviceId: 'desk' }),
      scene.connect('bob', { deviceId: 'phone' }),
      scene.connect('bob', { deviceId: 'laptop' }),
    ]);
    const wish = preconnect === undefined ? {} : { preconnect };
    const ack = await desk.ask('call:initiate', { chatId: scene.chatId, callType: 'voice', targetUserIds: [scene.ids.bob], ...wish });
    const call = { sessionId: ack.sessionId, chatId: scene.chatId };
    const incoming = await Promise.all([phone, laptop].map((device) => device.next('call:incoming')));
    return { ...scene, desk, phone, laptop, call, incoming };
  }
  const to = (scene, name, device) => ({ ...scene.call, targetUserId: scene.ids[name], ...(device && { targetDeviceId: device }) });

  test('pass between the caller\'s device and each that rings, which call:incoming invites to', async (t) => {
    const scene = await ringing(t, true);
    for (const incoming of scene.incoming) assert.equal(incoming.preconnect, true);
    await scene.phone.ask('webrtc:answer', { ...to(scene, 'alice', 'desk'), answer: sdp('answer') });
    assert.equal((await scene.desk.next('webrtc:answer')).fromDeviceId, 'phone');
    await scene.desk.ask('webrtc:offer', { ...to(scene, 'bob', 'laptop'), offer: sdp('offer') });
    await scene.laptop.next('webrtc:offer');
    await scene.laptop.ask('webrtc:ice-candidate', { ...to(scene, 'alice'), candidate: candidate() });
    await scene.desk.next('webrtc:ice-candidate');
    await settle(scene.desk, scene.phone, scene.laptop);
    assert.equal(scene.phone.count('webrtc:offer'), 0, 'the offer was for the laptop');
  });

  for (const preconnect of [undefined, false]) {
    test(`do not pass in a call placed with preconnect: ${preconnect}`, async (t) => {
      const scene = await ringing(t, preconnect);
      for (const incoming of scene.incoming) assert.equal('preconnect' in incoming, false);
      const answer = { ...to(scene, 'alice', 'desk'), answer: sdp('answer') };
      assert.equal(await scene.phone.refusedWith('webrtc:answer', answer), 'NOT_IN_CALL');
      const offer = { ...to(scene, 'bob', 'phone'), offer: sdp('offer') };
      assert.equal(await scene.desk.refusedWith('webrtc:offer', offer), 'TARGET_UNREACHABLE');
      await settle(scene.desk, scene.phone);
      assert.equal(scene.desk.count('webrtc:answer') + scene.phone.count('webrtc:offer'), 0);
    });
  }

  test('do not come from others, nor from other devices of the caller', async (t) => {
    const scene = await ringing(t, true);
    const tablet = await scene.connect('alice', { deviceId: 'tablet' });
    const offer = (name, device) => ({ ...to(scene, name, device), offer: sdp('offer') });
    for (const [who, payload] of [
      [scene.carol, offer('alice', 'desk')],
      [scene.carol, offer('bob', 'phone')],
      [tablet, offer('bob', 'phone')],
      [scene.phone, offer('alice', 'tablet')],
      [scene.phone, offer('carol')],
      [scene.phone, offer('bob', 'laptop')],
    ]) {
      assert.equal(await who.refusedWith('webrtc:offer', payload), 'NOT_IN_CALL', JSON.stringify(payload.targetDeviceId));
    }
    const everyone = [scene.desk, scene.phone, scene.laptop, scene.carol, tablet];
    await settle(...everyone);
    assert.equal(everyone.reduce((sum, client) => sum + client.count('webrtc:offer'), 0), 0);
  });

  test('reach no device any more that stopped ringing, however it did', async (t) => {
    for (const stop of ['accept', 'reject', 'cancel']) {
      const scene = await ringing(t, true);
      if (stop === 'accept') await scene.laptop.ask('call:accept', scene.call);
      if (stop === 'reject') await scene.laptop.ask('call:reject', scene.call);
      if (stop === 'cancel') await scene.desk.ask('call:end', scene.call);
      const code = stop === 'accept' ? 'TARGET_UNREACHABLE' : 'CALL_ENDED';
      const ahead = { ...to(scene, 'bob', 'phone'), candidate: candidate() };
      assert.equal(await scene.desk.refusedWith('webrtc:ice-candidate', ahead), code, stop);
      const back = { ...to(scene, 'alice', 'desk'), candidate: candidate() };
      assert.equal(await scene.phone.refusedWith('webrtc:ice-candidate', back), stop === 'accept' ? 'NOT_IN_CALL' : code, stop);
      await settle(scene.desk, scene.phone);
      assert.equal(scene.phone.count('webrtc:ice-candidate') + scene.desk.count('webrtc:ice-candidate'), 0, stop);
    }
  });
});

describe('what happened in a call', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());
  const timeline = async (userId, sessionId) => (await server.as(userId, `/api/calls/${sessionId}/timeline`)).body.data.events;

  test('is told in order, with times, people, devices and reasons', async (t) => {
    const { alice, bob, carol, call, ids, connect } = await ring(t, server, ['alice', 'bob', 'carol']);
    await bob.ask('call:accept', call);
    await carol.ask('call:reject', { ...call, reason: 'busy' });
    const tablet = await connect('bob', { deviceId: 'tablet' });
    await tablet.ask('call:join', call);
    await alice.ask('call:invite', { sessionId: call.sessionId, targetUserIds: [ids.carol] });
    await carol.next('call:incoming');
    await carol.ask('call:accept', call);
    await tablet.ask('call:quality', { sessionId: call.sessionId, quality, links: [{ userId: ids.alice, state: 'connected', candidateType: 'relay' }] });
    await carol.ask('call:leave', call);
    await alice.ask('call:end', call);
    const events = await timeline(ids.carol, call.sessionId);
    const names = Object.fromEntries(Object.entries(ids).map(([name, id]) => [id, name]));
    const lines = events.map((e) => [e.type, names[e.userId], names[e.targetUserId], e.reason, e.candidateType].filter(Boolean).join(' '));
    assert.deepEqual(lines, [
      'initiated alice', 'ringing bob', 'ringing carol', 'accepted bob', 'rejected carol busy', 'moved bob',
      'invited carol', 'ringing carol', 'accepted carol', 'link-connected bob alice relay', 'left carol completed',
      'ended alice completed',
    ]);
    assert.equal(events.find((e) => e.type === 'moved').deviceId, 'tablet');
    const times = events.map((e) => Date.parse(e.at));
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
  });

  test('is stored with the change that was acked: a server that is killed has it', async (t) => {
    const own = await TestServer.start();
    t.after(() => own.stop());
    const { bob, call, ids } = await ring(t, own, ['alice', 'bob']);
    await bob.ask('call:accept', call);
    await own.kill();
    await own.restart();
    const { data } = (await own.as(ids.alice, `/api/calls/${call.sessionId}/timeline`)).body;
    assert.deepEqual(data.events.slice(0, 3).map((e) => e.type), ['initiated', 'ringing', 'accepted']);
  });

  for (const what of ['timeline', 'quality']) {
    test(`is for participants alone: the ${what}`, async (t) => {
      const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob', 'carol']);
      const { sessionId } = await alice.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [ids.bob] });
      await bob.next('call:incoming');
      for (const who of ['alice', 'bob']) assert.equal((await server.as(ids[who], `/api/calls/${sessionId}/${what}`)).status, 200);
      const none = await server.as(ids.carol, `/api/calls/0190a0a0-0000-7000-8000-000000000000/${what}`);
      for (const stranger of [ids.carol, 'a-stranger']) {
        const { status, body, text } = await server.as(stranger, `/api/calls/${sessionId}/${what}`);
        assert.equal(status, 404);
        assert.equal(body.code, 'CALL_NOT_FOUND');
        assert.equal(text, none.text, 'as if there were no such call');
      }
      assert.equal((await server.api(`/api/calls/${sessionId}/${what}`)).status, 401);
    });
  }
});

describe('the quality of links', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());
  const links = async (userId, sessionId) => (await server.as(userId, `/api/calls/${sessionId}/quality`)).body.data.links;

  test('is kept by who measured whom, and the means of the call stay what they were', async (t) => {
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
    const { sessionId } = call;
    const toBob = { userId: ids.bob, state: 'connected', grade: 'good', mos: 3.9, avgBitrate: 38_000, packetLoss: 1.5, jitter: 12, roundTripTime: 80, candidateType: 'srflx' };
    await alice.ask('call:quality', { sessionId, quality, links: [toBob, { userId: ids.carol, state: 'failed' }] });
    await bob.ask('call:quality', { sessionId, quality, links: [{ userId: ids.alice, state: 'reconnecting' }] });
    // What is kept beside the call is written after the ack; the next event of the socket waits for it.
    await settle(alice, bob);
    const kept = (await links(ids.carol, sessionId)).map(({ from, to, samples }) => ({ from, to, samples: samples.map(({ at, ...rest }) => { assert.ok(Date.parse(at)); return rest; }) }));
    const { userId, avgBitrate, ...rest } = toBob;
    assert.deepEqual(kept, [
      { from: ids.alice, to: ids.bob, samples: [{ ...rest, bitrate: avgBitrate }] },
      { from: ids.alice, to: ids.carol, samples: [{ state: 'failed' }] },
      { from: ids.bob, to: ids.alice, samples: [{ state: 'reconnecting' }] },
    ]);
    await alice.ask('call:end', call);
    assert.deepEqual((await server.as(ids.bob, `/api/calls/${sessionId}`)).body.data.quality, quality);
  });

  test('of people who have no part in the call is not kept', async (t) => {
    const { alice, call, ids } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('call:quality', { sessionId: call.sessionId, quality, links: [{ userId: 'a-stranger', state: 'connected' }] });
    await settle(alice);
    assert.deepEqual(await links(ids.alice, call.sessionId), []);
  });

  test('cannot be reported from outside, beyond what can be true, or of more links than there are', async (t) => {
    const { alice, call, ids, connect } = await talk(t, server, ['alice', 'bob']);
    const report = (...measured) => ({ sessionId: call.sessionId, quality, links: measured });
    const toBob = { userId: ids.bob, state: 'connected' };
    for (const bad of [
      report({ ...toBob, packetLoss: 101 }),
      report({ ...toBob, mos: -1 }),
      report({ ...toBob, state: 'splendid' }),
      report({ ...toBob, candidateType: 'tunnel' }),
      report(toBob, toBob),
    ]) {
      assert.equal(await alice.refusedWith('call:quality', bad), 'INVALID_PAYLOAD', JSON.stringify(bad.links));
    }
    const other = await connect('bob', { deviceId: 'another' });
    assert.equal(await other.refusedWith('call:quality', report({ userId: ids.alice, state: 'connected' })), 'NOT_IN_CALL');
    await settle(alice, other);
    assert.deepEqual(await links(ids.alice, call.sessionId), []);
  });
});
