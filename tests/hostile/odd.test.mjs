// What nobody would write: ids, numbers, nesting and bytes that parsers and stores trip over.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { candidate, meet, ring, sdp } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';
import { RawConnection } from '../helpers/raw.mjs';
import { closing, signedIn, tcp, untilClosed } from './connections.mjs';

/** Ids that are odd and allowed: each is a text of at most 128 characters without control characters. */
const ODD = [
  'ünïcödé-日本語-🙂',
  '\u202Eleft-to-right\u202C',
  'שלום-مرحبا',
  'e\u0301 and \u00e9',
  '../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  'C:\\windows\\system32',
  "'; DROP TABLE calls; --",
  '" OR ""="',
  '%_\\%',
  '${jndi:ldap://x}{{7*7}}<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  '0',
  '-1',
  '1e999',
  ' ',
  '?#&=/;,+',
  '\u{10ffff}\ufeff\ufffd',
  'x'.repeat(128),
];
/** Texts that are no ids. */
const NO_IDS = ['', 'a\u0000b', '\u0000', 'a\nb', '\u007f', 'x'.repeat(129)];

describe('the odd', { concurrency: true }, () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  const raw = async (t, userId) => {
    const connection = await RawConnection.open(server);
    t.after(() => connection.close());
    connection.send(`0{"token":"${await userToken(userId)}"}`);
    await connection.next('0{');
    return connection;
  };
  const answer = async (connection, body, id = 7) => {
    connection.send(`2${id}${body}`);
    return JSON.parse((await connection.next(`3${id}`)).slice(1 + String(id).length))[0];
  };

  for (const odd of ODD) {
    test(`ids like ${JSON.stringify(odd.slice(0, 40))} make whole calls and come back as they were`, async (t) => {
      // Two people and a chat of that name; `x` keeps them apart and within 128 characters.
      const [alice, bob, chatId, requestId] = ['A', 'B', 'C', 'R'].map((tag) => tag + odd.slice(0, 127));
      await server.putChat(chatId, [{ id: alice, name: odd }, { id: bob, name: odd, avatar: odd }], odd);
      const [a, b] = [await TestClient.connect(server, alice, { deviceId: `D${odd.slice(0, 30)}` }), await TestClient.connect(server, bob)];
      t.after(() => [a, b].forEach((client) => client.close()));
      const { sessionId } = await a.ask('call:initiate', { chatId, callType: 'voice', targetUserIds: [bob], requestId });
      const incoming = await b.next('call:incoming');
      assert.deepEqual([incoming.callerId, incoming.callerName, incoming.chatId], [alice, odd, chatId]);
      await b.ask('call:accept', { sessionId, chatId });
      assert.equal((await a.next('call:accepted')).acceptedBy, bob);
      await a.ask('webrtc:ice-candidate', { sessionId, targetUserId: bob, candidate: candidate() });
      assert.equal((await b.next('webrtc:ice-candidate')).fromUserId, alice);
      await a.ask('call:end', { sessionId, chatId, reason: odd.slice(0, 64).trim() || 'completed' });
      await b.next('call:ended');
      const { body } = await server.as(alice, `/api/calls?chatId=${encodeURIComponent(chatId)}`);
      assert.deepEqual(body.data.calls.map((call) => [call.chatId.id, call.caller.id]), [[chatId, alice]]);
      const chat = await server.api(`/api/chats/${encodeURIComponent(chatId)}`, { token: await serviceToken() });
      assert.equal(chat.body.data.id, chatId);
    });
  }

  test('texts that are no ids are refused wherever they stand', async (t) => {
    const { alice, chatId } = await meet(t, server, ['alice', 'bob']);
    for (const id of NO_IDS) {
      assert.equal(await alice.refusedWith('call:initiate', { chatId: id, callType: 'voice' }), 'INVALID_PAYLOAD', JSON.stringify(id));
      assert.equal(await alice.refusedWith('call:initiate', { chatId, callType: 'voice', targetUserIds: [id] }), 'INVALID_PAYLOAD');
      assert.equal(await alice.refusedWith('call:accept', { sessionId: id }), 'INVALID_PAYLOAD');
      const intruder = await TestClient.open(server, id);
      assert.equal((await intruder.refused()).data.code, 'UNAUTHENTICATED', JSON.stringify(id));
      intruder.close();
    }
    await alice.settled();
  });

  test('an id that names no call is CALL_NOT_FOUND, whatever it looks like', async (t) => {
    const { alice, ids } = await meet(t, server, ['alice']);
    for (const odd of ODD) {
      assert.equal(await alice.refusedWith('call:end', { sessionId: odd }), 'CALL_NOT_FOUND', odd);
      const { status } = await server.as(ids.alice, `/api/calls/${encodeURIComponent(odd)}`);
      assert.ok(status === 404 || status === 200 && odd === 'stats', `${odd}: ${status}`);
    }
  });

  test('fields called __proto__ and constructor, and fields that stand twice, are only fields', async (t) => {
    const { alice, chatId } = await ring(t, server, ['alice', 'bob']);
    const connection = await raw(t, alice.userId);
    assert.equal((await answer(connection, '["call:end",{"__proto__":{"sessionId":"s"}}]', 1)).code, 'INVALID_PAYLOAD');
    assert.equal((await answer(connection, '["call:end",{"sessionId":"a","sessionId":"b"}]', 2)).code, 'INVALID_PAYLOAD');
    assert.equal((await answer(connection, '["__proto__",{}]', 3)).code, 'UNKNOWN_EVENT');
    assert.equal((await answer(connection, '["constructor",{}]', 4)).code, 'UNKNOWN_EVENT');
    assert.equal((await answer(connection, '["toString"]', 5)).code, 'UNKNOWN_EVENT');
    assert.equal((await alice.ask('call:sync')).calls[0].chatId, chatId);
  });

  test('numbers beyond all bounds are refused or taken for what they are', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const connection = await raw(t, alice.userId);
    const report = (number) => `["call:quality",{"sessionId":"s","quality":{"avgBitrate":${number},"packetLoss":0,"jitter":0}}]`;
    let id = 0;
    for (const number of ['1e999', '-1e999', '1e308', '-1', `1${'0'.repeat(400)}`, 'NaN', 'Infinity', '0x10', '01', '1.', '--1']) {
      id += 1;
      const { success, code } = await answer(connection, report(number), id);
      assert.equal(success, false, number);
      assert.ok(['INVALID_PAYLOAD', 'CALL_NOT_FOUND'].includes(code), `${number}: ${code}`);
    }
    assert.equal((await answer(connection, '["call:sync"]', '18446744073709551615')).success, true);
    for (const query of ['limit=1e999', 'limit=-1', `limit=${'9'.repeat(400)}`, `offset=${'9'.repeat(30)}`, 'offset=-1', 'limit=NaN']) {
      assert.equal((await server.as(alice.userId, `/api/calls?${query}`)).status, 400, query);
    }
    connection.send('299999999999999999999999["call:sync"]');
    await connection.refused();
    assert.ok(connection.closed);
  });

  test('nesting ten thousand levels deep is refused or passed over, and overflows nothing', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const connection = await raw(t, alice.userId);
    // Fields that nobody knows are passed over, however deep they are.
    assert.equal((await answer(connection, `["call:sync",${deep}]`, 1)).success, true);
    assert.equal((await answer(connection, `["call:end",{"sessionId":"s","more":${deep}}]`, 2)).code, 'CALL_NOT_FOUND');
    assert.equal((await answer(connection, `["call:end",{"sessionId":${deep}}]`, 3)).code, 'INVALID_PAYLOAD');
    assert.equal((await answer(connection, `["call:end",${deep}]`, 4)).code, 'INVALID_PAYLOAD');
    assert.equal((await server.api('/api/chats/c', { method: 'PUT', token: await serviceToken(), body: deep })).status, 400);
    const door = await RawConnection.open(server);
    t.after(() => door.close());
    door.send(`0{"token":${deep}}`);
    assert.match(await door.refused(), /INVALID_PAYLOAD/);
    await alice.settled();
  });

  test('bytes that are no UTF-8 end the connection that sends them, or the request', async (t) => {
    const bad = Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80]);
    const ws = await signedIn(t, server, 'bytes');
    ws.send(Buffer.concat([Buffer.from('421["call:sync",{"a":"'), bad, Buffer.from('"}]')]), { binary: false });
    await closing(ws);
    const sid = JSON.parse((await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text()).slice(1)).sid;
    assert.equal((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: Buffer.concat([Buffer.from('4'), bad]) })).status, 400);
    const body = Buffer.concat([Buffer.from('{"participants":[{"id":"'), bad, Buffer.from('"}]}')]);
    const answered = await fetch(`${server.url}/api/chats/c`, { method: 'PUT', headers: { 'content-type': 'application/json', authorization: `Bearer ${await serviceToken()}` }, body });
    assert.equal(answered.status, 400);
    for (const path of ['/api/calls/%ff%fe', '/api/chats/%c3%28', '/%ff']) {
      assert.ok([400, 401, 403, 404].includes((await server.as('bytes', path)).status), path);
    }
  });

  test('texts with lone surrogates are refused, and with odd characters pass unchanged', async (t) => {
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob']);
    await bob.ask('call:accept', call);
    const connection = await raw(t, alice.userId);
    assert.equal((await answer(connection, '["call:end",{"sessionId":"\\ud800"}]', 1)).code, 'INVALID_PAYLOAD');
    const odd = { type: 'offer', sdp: `${sdp('offer').sdp}a=x:\u0000\u0001\u001e\u202e\ufeff\u{1f600}${'\u0301'.repeat(50)}\r\n` };
    await alice.ask('webrtc:offer', { ...call, offer: odd });
    assert.deepEqual((await bob.next('webrtc:offer')).offer, odd);
  });

  test('a second CONNECT on a socket changes nothing, whoever it says it is', async (t) => {
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob']);
    const connection = await raw(t, 'mallory');
    for (const user of ['mallory', bob.userId]) connection.send(`0{"token":"${await userToken(user)}"}`);
    connection.send(`0/admin,{"token":"${await userToken(bob.userId)}"}`);
    await connection.next('4/admin,');
    assert.equal((await answer(connection, `["call:accept",${JSON.stringify(call)}]`)).code, 'CALL_NOT_FOUND');
    assert.equal(connection.packets.filter((packet) => packet.startsWith('0{')).length, 1);
    await settle(alice, bob);
    assert.equal(alice.count('call:accepted'), 0);
  });

  test('two hundred other namespaces are two hundred refusals and no more', async (t) => {
    const connection = await raw(t, 'wanderer');
    for (let n = 0; n < 200; n += 1) connection.send(`0/${'x'.repeat(n)}/../${n},{}`);
    assert.equal((await answer(connection, '["call:sync"]')).success, true);
    assert.equal(connection.packets.filter((packet) => packet.startsWith('4/')).length, 200);
  });

  test('requests that two servers would read differently are refused', async (t) => {
    const requests = [
      'POST /api/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      'POST /api/calls HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n',
      'GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ];
    for (const request of requests) {
      const text = await untilClosed(await tcp(t, server, request), 25_000);
      assert.doesNotMatch(text, /^HTTP\/1\.1 200/, request);
    }
  });
});
