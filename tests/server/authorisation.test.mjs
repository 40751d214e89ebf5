// Every client event, crossed with everyone who may not send it and everything that it may not say.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { RawConnection } from '../helpers/raw.mjs';
import { candidate, meet, ring, sdp, talk, uniqueIds } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { failure, match, serverEvents } from '../helpers/shapes.mjs';
import { JWT_SECRET, signToken, unsignedToken, userToken } from '../helpers/tokens.mjs';

const quality = { avgBitrate: 64_000, packetLoss: 1, jitter: 10 };

/** Every event about a call: a valid payload beside `sessionId`, and its fields. */
const CALL_EVENTS = {
  'call:accept': { payload: { answer: sdp('answer') }, required: ['sessionId'] },
  'call:reject': { payload: { reason: 'declined' }, required: ['sessionId'] },
  'webrtc:offer': { payload: { offer: sdp('offer') }, required: ['sessionId', 'offer'], signal: true },
  'webrtc:answer': { payload: { answer: sdp('answer') }, required: ['sessionId', 'answer'], signal: true },
  'webrtc:ice-candidate': { payload: { candidate: candidate() }, required: ['sessionId', 'candidate'], signal: true },
  'call:quality': { payload: { quality }, required: ['sessionId', 'quality'], chatless: true },
  'call:toggle-audio': { payload: { muted: true }, required: ['sessionId', 'muted'] },
  'call:toggle-video': { payload: { enabled: true }, required: ['sessionId', 'enabled'] },
  'call:end': { payload: { reason: 'completed' }, required: ['sessionId'] },
  'call:leave': { payload: {}, required: ['sessionId'] },
  'call:join': { payload: {}, required: ['sessionId'] },
  'call:invite': { payload: {}, targets: true, required: ['sessionId', 'targetUserIds'], chatless: true },
  'call:resume': { payload: {}, required: ['sessionId'], chatless: true },
};

const initiate = (chatId, targetUserIds) => ({ chatId, callType: 'voice', targetUserIds, offer: sdp('offer'), requestId: 'r' });

/** The whole payload of an event about this call. */
function payloadOf(event, { sessionId, chatId }, targetUserId) {
  const { payload, signal, targets, chatless } = CALL_EVENTS[event];
  return {
    sessionId,
    ...(!chatless && { chatId }),
    ...(signal && { targetUserId }),
    ...(targets && { targetUserIds: [targetUserId] }),
    ...payload,
  };
}

/** Asserts that the event fails with that code, asked with an ack and without, and that the socket lives on. */
async function assertRefused(client, event, payload, code, what = '') {
  const label = `${event} ${what}`;
  const args = payload === undefined ? [] : [payload];
  const ack = await client.request(event, ...args);
  assert.equal(ack?.code, code, `${label}: ${JSON.stringify(ack)}`);
  match(ack, failure, `the ack of ${label}`);
  client.send(event, ...args);
  const error = await client.next('call:error');
  match(error, serverEvents['call:error'], `the call:error of ${label}`);
  assert.equal(error.event, event, label);
  assert.equal(error.code, code, `${label} without an ack`);
  assert.ok(client.socket.connected, `${label} leaves the socket open`);
}

const replaced = (payload, path, value) => {
  const copy = structuredClone(payload);
  const fields = path.split('.');
  const last = fields.pop();
  const parent = fields.reduce((object, field) => object[field], copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
};

const pathsOf = (payload) => Object.entries(payload).flatMap(([field, value]) =>
  value && typeof value === 'object' && !Array.isArray(value)
    ? [field, ...Object.keys(value).map((inner) => `${field}.${inner}`)]
    : [field]);

const at = (payload, path) => path.split('.').reduce((object, field) => object[field], payload);

/** Values of another type than the valid one. Null stands for absent where a field may be absent. */
function wrongValues(valid) {
  const long = 'x'.repeat(70_000);
  const all = { aNumber: 7, aBoolean: true, anObject: { a: 1 }, aList: [1], anEmptyText: '', aLongText: long };
  const right = Array.isArray(valid) ? [] : typeof valid === 'number' ? ['aNumber'] : typeof valid === 'boolean' ? ['aBoolean'] : [];
  return Object.entries(all).filter(([name]) => !right.includes(name));
}

describe('the handshake', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  const tokens = {
    'no token': [null, 'UNAUTHENTICATED'],
    'an empty token': ['', 'UNAUTHENTICATED'],
    'a token that is no JWT': ['not.a.token', 'UNAUTHENTICATED'],
    'a token that is a number': [42, 'INVALID_PAYLOAD'],
    'a token that is a list': [['a'], 'INVALID_PAYLOAD'],
    'an expired token': [() => userToken('alice', { expiresIn: -120 }), 'TOKEN_EXPIRED'],
    'an expired token with the wrong signature': [() => userToken('alice', { expiresIn: -120, secret: 'another secret another secret 32' }), 'UNAUTHENTICATED'],
    'a wrong signature': [() => userToken('alice', { secret: 'another secret another secret 32' }), 'UNAUTHENTICATED'],
    'a signature that was cut off': [async () => (await userToken('alice')).slice(0, -4), 'UNAUTHENTICATED'],
    'alg none': [() => unsignedToken('alice'), 'UNAUTHENTICATED'],
    'alg none with the signature of a good token': [async () => unsignedToken('alice') + (await userToken('alice')).split('.')[2], 'UNAUTHENTICATED'],
    'no sub': [() => signToken({ name: 'Nobody' }), 'UNAUTHENTICATED'],
    'an empty sub': [() => signToken({ sub: '' }), 'UNAUTHENTICATED'],
    'a sub longer than an id': [() => signToken({ sub: 'x'.repeat(129) }), 'UNAUTHENTICATED'],
    'a sub with a control character': [() => signToken({ sub: 'a\nb' }), 'UNAUTHENTICATED'],
    'a sub that is a number': [() => signToken({ sub: 7 }), 'UNAUTHENTICATED'],
  };

  for (const [what, [token, code]] of Object.entries(tokens)) {
    test(`with ${what} is refused with ${code}`, async (t) => {
      const client = await TestClient.open(server, 'alice', { token: typeof token === 'function' ? await token() : token });
      t.after(() => client.close());
      const error = await client.refused();
      assert.equal(error.data?.code ?? error.message, code, `${error.message} ${JSON.stringify(error.data)}`);
    });
  }

  test('with a token that names no expiry is refused: a leaked one would last for ever', async (t) => {
    const { SignJWT } = await import('jose');
    const token = await new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(JWT_SECRET));
    const client = await TestClient.open(server, 'alice', { token });
    t.after(() => client.close());
    const error = await client.refused();
    assert.equal(error.data?.code ?? error.message, 'UNAUTHENTICATED');
  });

  test('with a deviceId that is none is refused', async (t) => {
    for (const deviceId of ['x'.repeat(65), '', 'a\nb', 7, {}]) {
      const client = await TestClient.open(server, 'alice', { deviceId });
      t.after(() => client.close());
      const error = await client.refused();
      assert.equal(error.data?.code ?? error.message, 'INVALID_PAYLOAD', JSON.stringify(deviceId));
    }
  });

  /** Asserts that every ack that came says UNAUTHENTICATED. */
  function assertOnlyRefusals({ packets }) {
    const acked = packets.filter((packet) => String(packet).startsWith('3')).map((packet) => JSON.parse(packet.slice(2))[0]);
    assert.deepEqual(acked.filter((ack) => ack.code !== 'UNAUTHENTICATED'), []);
  }

  test('that failed lets no event through, sent right behind it', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    for (const auth of ['{}', `{"token":"${unsignedToken(ids.alice)}"}`, `{"token":"${await userToken(ids.alice, { expiresIn: -60 })}"}`]) {
      const raw = await RawConnection.open(server);
      t.after(() => raw.close());
      raw.send(`0${auth}`);
      raw.send(`21["call:initiate",${JSON.stringify(initiate(chatId, [ids.bob]))}]`);
      raw.send('22["call:sync"]');
      raw.send('23["webrtc:config:get"]');
      await raw.refused();
      await settle(alice, bob);
      assert.deepEqual(bob.names(), []);
      assert.equal((await alice.ask('call:sync')).calls.length, 0);
      assertOnlyRefusals(raw);
    }
  });

  test('that never comes lets no event through either', async (t) => {
    const { bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    const raw = await RawConnection.open(server);
    t.after(() => raw.close());
    raw.send(`21["call:initiate",${JSON.stringify(initiate(chatId, [ids.bob]))}]`);
    raw.send('22["webrtc:config:get"]');
    await raw.next('32');
    await settle(bob);
    assert.deepEqual(bob.names(), []);
    assertOnlyRefusals(raw);
  });

  test('of another namespace is refused', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const raw = await RawConnection.open(server);
    t.after(() => raw.close());
    raw.send(`0/admin,{"token":"${await userToken(alice.userId)}"}`);
    await raw.next('4/admin,');
  });
});

describe('call:initiate', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('by someone who is not a member is CHAT_NOT_FOUND, as if there were no such chat', async (t) => {
    const { bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    const { mallory } = await meet(t, server, ['mallory']);
    await assertRefused(mallory, 'call:initiate', initiate(chatId, [ids.bob]), 'CHAT_NOT_FOUND');
    await settle(mallory, bob);
    assert.deepEqual(bob.names(), []);
  });

  test('in a chat that is not known is CHAT_NOT_FOUND', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    await assertRefused(alice, 'call:initiate', initiate('no-such-chat', ['x']), 'CHAT_NOT_FOUND');
  });

  test('of a wrong shape is INVALID_PAYLOAD, field by field, and nobody rings', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    const valid = initiate(chatId, [ids.bob]);
    for (const path of pathsOf(valid)) {
      for (const [name, value] of wrongValues(at(valid, path))) {
        if (path === 'offer.sdp' && name === 'aLongText') continue;
        if (path === 'offer.sdp' && name === 'anEmptyText') continue;
        if (path === 'targetUserIds' && name === 'aList') continue;
        await assertRefused(alice, 'call:initiate', replaced(valid, path, value), 'INVALID_PAYLOAD', `${path} is ${name}`);
      }
    }
    for (const path of ['chatId', 'callType', 'offer.sdp', 'offer.type']) {
      await assertRefused(alice, 'call:initiate', replaced(valid, path, undefined), 'INVALID_PAYLOAD', `without ${path}`);
    }
    for (const targetUserIds of [[1], [null], [''], [[ids.bob]], ['x'.repeat(129)], ['a\u0000b']]) {
      await assertRefused(alice, 'call:initiate', { ...valid, targetUserIds }, 'INVALID_PAYLOAD', JSON.stringify(targetUserIds).slice(0, 40));
    }
    await assertRefused(alice, 'call:initiate', replaced(valid, 'offer.sdp', 'x'.repeat(65_537)), 'PAYLOAD_TOO_LARGE');
    await settle(alice, bob);
    assert.deepEqual(bob.names(), []);
  });
});

describe('every event about a call', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  for (const event of Object.keys(CALL_EVENTS)) {
    test(`${event} by a stranger, or about no call, is CALL_NOT_FOUND and changes nothing`, async (t) => {
      const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
      const { mallory } = await meet(t, server, ['mallory']);
      await assertRefused(mallory, event, payloadOf(event, call, ids.bob), 'CALL_NOT_FOUND', 'by a stranger');
      await assertRefused(alice, event, payloadOf(event, { ...call, sessionId: '0190a0a0-0000-7000-8000-000000000000' }, ids.bob), 'CALL_NOT_FOUND', 'about no call');
      await assertRefused(alice, event, payloadOf(event, { ...call, sessionId: "x' OR 1=1 --" }, ids.bob), 'CALL_NOT_FOUND', 'about no call');
      await settle(mallory, alice, bob);
      assert.deepEqual(alice.names(), ['call:error', 'call:error']);
      assert.deepEqual(bob.names(), []);
    });

    test(`${event} after the end is CALL_ENDED, for everyone who was called`, async (t) => {
      const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
      await alice.ask('call:end', call);
      await bob.next('call:ended');
      await assertRefused(bob, event, payloadOf(event, call, ids.alice), 'CALL_ENDED', 'by the callee');
      await assertRefused(alice, event, payloadOf(event, call, ids.bob), 'CALL_ENDED', 'by the caller');
      const { mallory } = await meet(t, server, ['mallory']);
      await assertRefused(mallory, event, payloadOf(event, call, ids.bob), 'CALL_NOT_FOUND', 'by a stranger');
    });

    test(`${event} of a wrong shape is INVALID_PAYLOAD, field by field, and changes nothing`, async (t) => {
      const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
      const [before] = (await bob.ask('call:sync')).calls;
      const valid = payloadOf(event, call, ids.alice);
      for (const path of pathsOf(valid)) {
        if (path === 'candidate.usernameFragment') continue;
        for (const [name, value] of wrongValues(at(valid, path))) {
          if (/\.(sdp|candidate|sdpMid)$/.test(path) && /Text$/.test(name)) continue;
          if (path === 'targetUserIds' && name === 'aList') continue;
          await assertRefused(bob, event, replaced(valid, path, value), 'INVALID_PAYLOAD', `${path} is ${name}`);
        }
      }
      await settle(bob, alice);
      const [now] = (await alice.ask('call:sync')).calls;
      assert.equal(now.version, before.version);
      assert.deepEqual(alice.names(), []);
    });

    test(`${event} without a field that it needs, or with no object at all, is INVALID_PAYLOAD`, async (t) => {
      const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
      const valid = payloadOf(event, call, ids.alice);
      for (const field of CALL_EVENTS[event].required) {
        await assertRefused(bob, event, replaced(valid, field, undefined), 'INVALID_PAYLOAD', `without ${field}`);
        await assertRefused(bob, event, replaced(valid, field, null), 'INVALID_PAYLOAD', `${field} is null`);
      }
      for (const payload of [undefined, null, 7, true, 'text', '', [], [valid], {}, Buffer.from('bytes'), { ...valid, sessionId: Buffer.from('bytes') }]) {
        await assertRefused(bob, event, payload, 'INVALID_PAYLOAD', `with ${JSON.stringify(payload)}`);
      }
      await settle(bob, alice);
      assert.deepEqual(alice.names(), []);
    });

    test(`${event} larger than a message may be is PAYLOAD_TOO_LARGE, and the socket lives on`, async (t) => {
      const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob']);
      const large = { ...payloadOf(event, call, ids.alice), padding: 'x'.repeat(140_000) };
      await assertRefused(bob, event, large, 'PAYLOAD_TOO_LARGE');
      await settle(bob, alice);
      assert.deepEqual(alice.names(), []);
    });
  }

  // Someone whom the call rings may accept, join or reject it, and hanging up or leaving is rejecting.
  const FOR_INVITED = ['call:accept', 'call:reject', 'call:join', 'call:end', 'call:leave'];
  const NOT_FOR_INVITED = Object.keys(CALL_EVENTS).filter((event) => !FOR_INVITED.includes(event));
  for (const event of NOT_FOR_INVITED) {
    test(`${event} by a member who only rings is NOT_IN_CALL`, async (t) => {
      const { alice, bob, carol, call, ids } = await ring(t, server, ['alice', 'bob', 'carol']);
      await bob.ask('call:accept', call);
      await settle(alice, bob, carol);
      [alice, bob, carol].forEach((client) => client.forget());
      await assertRefused(carol, event, payloadOf(event, call, ids.bob), 'NOT_IN_CALL');
      await settle(carol, alice, bob);
      assert.deepEqual([...alice.names(), ...bob.names()], []);
    });
  }

  const FOR_DEVICE_IN_CALL = ['webrtc:offer', 'webrtc:answer', 'webrtc:ice-candidate', 'call:quality', 'call:toggle-audio', 'call:toggle-video'];
  for (const event of FOR_DEVICE_IN_CALL) {
    test(`${event} by another device of a participant is NOT_IN_CALL`, async (t) => {
      const { alice, bob, call, ids, connect } = await talk(t, server, ['alice', 'bob']);
      const other = await connect('bob', { deviceId: 'other' });
      await assertRefused(other, event, payloadOf(event, call, ids.alice), 'NOT_IN_CALL');
      await settle(other, alice, bob);
      assert.deepEqual(alice.names(), []);
    });

    test(`${event} by a participant who left is NOT_IN_CALL`, async (t) => {
      const { alice, bob, carol, call, ids } = await talk(t, server, ['alice', 'bob', 'carol']);
      await carol.ask('call:leave', call);
      await settle(carol, alice, bob);
      alice.forget();
      await assertRefused(carol, event, payloadOf(event, call, ids.alice), 'NOT_IN_CALL');
      await settle(carol, alice, bob);
      assert.deepEqual(alice.names(), []);
    });
  }

  test('a description above 64 KiB and a candidate above 2 KiB are PAYLOAD_TOO_LARGE', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    const tooLong = 'x'.repeat(65_537);
    await assertRefused(bob, 'webrtc:offer', { ...call, offer: { type: 'offer', sdp: tooLong } }, 'PAYLOAD_TOO_LARGE');
    await assertRefused(bob, 'webrtc:answer', { ...call, answer: { type: 'answer', sdp: tooLong } }, 'PAYLOAD_TOO_LARGE');
    await assertRefused(bob, 'webrtc:offer', { ...call, offer: { type: 'offer', sdp: '\u00e9'.repeat(32_769) } }, 'PAYLOAD_TOO_LARGE');
    const one = candidate();
    await assertRefused(bob, 'webrtc:ice-candidate', { ...call, candidate: { ...one, candidate: 'x'.repeat(2049) } }, 'PAYLOAD_TOO_LARGE');
    await assertRefused(bob, 'webrtc:ice-candidate', { ...call, candidate: { ...one, sdpMid: 'x'.repeat(2049) } }, 'PAYLOAD_TOO_LARGE');
    await assertRefused(bob, 'webrtc:ice-candidate', { ...call, candidate: { ...one, usernameFragment: 'x'.repeat(2049) } }, 'PAYLOAD_TOO_LARGE');
    await settle(bob, alice);
    assert.deepEqual(alice.names(), []);
  });

  test('quality that cannot be true is INVALID_PAYLOAD', async (t) => {
    const { bob, call } = await talk(t, server, ['alice', 'bob']);
    for (const wrong of [{ avgBitrate: -1 }, { packetLoss: 101 }, { packetLoss: -0.1 }, { jitter: -1 }, { jitter: 1e12 }, { avgBitrate: 1e300 }]) {
      await assertRefused(bob, 'call:quality', { sessionId: call.sessionId, quality: { ...quality, ...wrong } }, 'INVALID_PAYLOAD', JSON.stringify(wrong));
    }
  });

  test('a reason of more than 64 characters is INVALID_PAYLOAD, one of 64 is kept', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    await assertRefused(bob, 'call:end', { ...call, reason: '\u00e9'.repeat(65) }, 'INVALID_PAYLOAD');
    await bob.ask('call:end', { ...call, reason: '\u{1F600}'.repeat(64) });
    assert.equal((await alice.next('call:ended')).reason, '\u{1F600}'.repeat(64));
  });

  test('call:invite of someone who is not a member is NOT_A_MEMBER, and nobody rings', async (t) => {
    const { bob, call } = await talk(t, server, ['alice', 'bob']);
    const { mallory } = await meet(t, server, ['mallory']);
    await assertRefused(bob, 'call:invite', { sessionId: call.sessionId, targetUserIds: [mallory.userId] }, 'NOT_A_MEMBER');
    await assertRefused(bob, 'call:invite', { sessionId: call.sessionId, targetUserIds: [] }, 'NO_TARGETS');
    await settle(bob, mallory);
    assert.deepEqual(mallory.names(), []);
  });
});

describe('hostile input', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('an event that nobody knows is UNKNOWN_EVENT', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    for (const event of ['call:destroy', 'call:incoming', '', 'message', '__proto__', 'constructor', 'CALL:INITIATE', 'x'.repeat(5000), '\u{1F600}']) {
      const ack = await alice.request(event, {});
      assert.equal(ack.code, 'UNKNOWN_EVENT', event.slice(0, 30));
    }
    alice.send('call:destroy', {}, 1, 2);
    assert.equal((await alice.next('call:error')).code, 'UNKNOWN_EVENT');
    await alice.settled();
  });

  test('more arguments than one payload do no harm', async (t) => {
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob']);
    await bob.ask('call:accept', call, 'more', { and: 'more' });
    await alice.next('call:accepted');
  });

  test('a flood is RATE_LIMITED with retryAfterMs, and after that time all is well', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const acks = await Promise.all(Array.from({ length: 450 }, () => alice.request('call:sync')));
    const refused = acks.filter((ack) => !ack.success);
    assert.ok(refused.length > 50, `${refused.length} of 450 were refused`);
    assert.ok(acks.length - refused.length >= 290, 'the burst goes through');
    for (const ack of refused) {
      assert.equal(ack.code, 'RATE_LIMITED');
      assert.ok(ack.retryAfterMs > 0 && ack.retryAfterMs <= 5000, String(ack.retryAfterMs));
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(...refused.map((ack) => ack.retryAfterMs))));
    await alice.ask('call:sync');
  });

  test('a flood without acks is answered with call:error, and does not slow others down', async (t) => {
    const { alice, bob } = await meet(t, server, ['alice', 'bob']);
    for (let n = 0; n < 1000; n += 1) alice.send('webrtc:ice-candidate', { sessionId: 'none', candidate: candidate(n) });
    const began = Date.now();
    await bob.settled();
    assert.ok(Date.now() - began < 2000);
    const limited = await alice.next('call:error', (error) => error.code === 'RATE_LIMITED');
    assert.ok(limited.retryAfterMs > 0);
  });

  test('a flood whose answers are not read ends that socket alone, and is said once', async (t) => {
    const { alice, bob } = await meet(t, server, ['alice', 'bob']);
    const said = (log) => log.split('\n').filter((line) => line.includes(alice.userId)).length;
    for (let n = 0; n < 20_000; n += 1) alice.send('webrtc:config:get', {}, () => {});
    await alice.disconnected();
    await bob.settled();
    await server.logged(new RegExp(alice.userId));
    await bob.settled();
    assert.equal(said(server.log), 1);
    const back = await TestClient.connect(server, alice.userId);
    t.after(() => back.close());
    await back.settled();
  });

  test('JSON ten thousand levels deep does not bring the server down', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    for (const [open, close] of [['[', ']'], ['{"a":', '}']]) {
      const raw = await RawConnection.open(server);
      t.after(() => raw.close());
      raw.send(`0{"token":"${await userToken(alice.userId)}"}`);
      await raw.next('0{');
      raw.send(`27["call:accept",${open.repeat(10_000)}${open === '[' ? '' : '1'}${close.repeat(10_000)}]`);
      const answer = await raw.next('37');
      assert.equal(JSON.parse(answer.slice(2))[0].code, 'INVALID_PAYLOAD');
      raw.send('28["call:sync"]');
      await raw.next('38');
    }
    await alice.settled();
  });

  test('packets that are no Socket.IO do not bring the server down', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const token = await userToken(alice.userId);
    for (const packet of ['', '9', '2', '2[', '2{}', '2[]', '2["call:accept"', '2[1]', '2[null]', '2["call:accept",{]', '299999999999999999999["call:sync"]', '51-["x",{"_placeholder":true,"num":0}]', '59999-["x"]', '5-1-["x"]', '3', '3["x"]', '31[]', '1/none,', '\u0000', '2["\\ud800"]']) {
      const raw = await RawConnection.open(server);
      t.after(() => raw.close());
      raw.send(`0{"token":"${token}"}`);
      await raw.next('0{');
      raw.send(packet);
      raw.send('255["call:sync"]');
    }
    await alice.settled();
    assert.equal((await server.api('/healthz')).status, 200);
  });

  test('a CONNECT of a hundred times does not sign in a hundred devices', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const raw = await RawConnection.open(server);
    t.after(() => raw.close());
    const token = await userToken(alice.userId);
    for (let n = 0; n < 100; n += 1) raw.send(`0{"token":"${token}"}`);
    await raw.next('0{');
    await alice.settled();
  });

  test('ids of any characters but control characters work from end to end', async (t) => {
    const odd = ['\u{1F468}\u200d\u{1F469}\u200d\u{1F467}', `"quoted" 'twice'`, `Robert'); DROP TABLE calls;--`, 'a/b?c=d&e#f%20g', '\u202eright to left', 'spaces  inside', '../../etc/passwd', '%00', '{}', 'null'];
    for (const [n, text] of odd.entries()) {
      const [chatId, alice, bob] = [`chat ${text}`, `alice ${text}`, `bob ${text} ${n}`];
      await server.putChat(chatId, [{ id: alice, name: text }, { id: bob }]);
      const caller = await TestClient.connect(server, alice, { deviceId: text });
      const callee = await TestClient.connect(server, bob);
      t.after(() => [caller, callee].forEach((client) => client.close()));
      const { sessionId } = await caller.ask('call:initiate', { chatId, callType: 'voice', requestId: text });
      const incoming = await callee.next('call:incoming');
      assert.deepEqual([incoming.chatId, incoming.callerId, incoming.callerName, incoming.callerDeviceId], [chatId, alice, text, text]);
      await callee.ask('call:accept', { sessionId, chatId });
      await callee.ask('call:end', { sessionId, chatId });
      const { body } = await server.as(bob, `/api/calls?chatId=${encodeURIComponent(chatId)}`);
      assert.deepEqual(body.data.calls.map((call) => [call.id, call.caller.id, call.chatId.id]), [[sessionId, alice, chatId]]);
      const read = await server.api(`/api/chats/${encodeURIComponent(chatId)}`, { token: await (await import('../helpers/tokens.mjs')).serviceToken() });
      assert.equal(read.body.data.participants.length, 2);
    }
  });

  test('ids with control characters are INVALID_PAYLOAD', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    for (const text of ['a\u0000', '\n', 'a\u001b[31m', '\u007f', '\u0085']) {
      assert.equal(await alice.refusedWith('call:accept', { sessionId: text }), 'INVALID_PAYLOAD');
      assert.equal(await alice.refusedWith('call:initiate', { chatId: text, callType: 'voice' }), 'INVALID_PAYLOAD');
      assert.equal(await alice.refusedWith('call:initiate', { chatId: 'c', callType: 'voice', targetUserIds: [text] }), 'INVALID_PAYLOAD');
    }
  });

  test('unknown fields and prototype names are ignored', async (t) => {
    const { alice, bob, chatId, ids } = await meet(t, server, ['alice', 'bob']);
    const payload = JSON.parse(`{"__proto__":{"admin":true},"constructor":1,"new":{"in":["a","later","version"]}}`);
    const { sessionId } = await alice.ask('call:initiate', { ...payload, chatId, callType: 'voice', targetUserIds: [ids.bob] });
    await bob.next('call:incoming');
    await bob.ask('call:accept', { ...payload, sessionId, chatId });
    await alice.ask('webrtc:ice-candidate', { ...payload, sessionId, candidate: { ...candidate(), relayProtocol: 'udp' } });
    await bob.next('webrtc:ice-candidate');
  });

  test('the log names no token, description or candidate', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    await alice.ask('webrtc:offer', { ...call, offer: { type: 'offer', sdp: 'v=0 a-description-that-must-not-be-logged' } });
    await alice.refusedWith('webrtc:offer', { ...call, offer: 'a-description-that-must-not-be-logged' });
    await alice.refusedWith('webrtc:ice-candidate', { ...call, candidate: 'a-candidate-that-must-not-be-logged' });
    const wrong = await TestClient.open(server, 'alice', { token: 'a-token-that-must-not-be-logged' });
    await wrong.refused();
    wrong.close();
    await settle(alice, bob);
    assert.doesNotMatch(server.log, /must-not-be-logged/);
    assert.doesNotMatch(server.log, /eyJ[A-Za-z0-9_-]{10,}/);
  });
});
