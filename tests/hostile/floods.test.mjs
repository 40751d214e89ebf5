// Too much: messages, bytes, handshakes, polls, sockets.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import WebSocket from 'ws';

import { TestClient, settle, within } from '../helpers/client.mjs';
import { candidate, meet, talk, uniqueIds } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { serviceToken, userToken } from '../helpers/tokens.mjs';
import { climbed, closing, handshake, hears, signedIn, tcp, untilClosed } from './connections.mjs';
import { flood } from './flooder.mjs';
import { unaffected } from './witness.mjs';

const MIB = 2 ** 20;
const MOST_SOCKETS = 32;
const POLLING = '/socket.io/?EIO=4&transport=polling';

describe('a flood', () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  const post = (sid, body) => fetch(`${server.url}${POLLING}&sid=${sid}`, { method: 'POST', body });
  const poller = async () => JSON.parse((await (await fetch(server.url + POLLING)).text()).slice(1)).sid;

  test('of ten thousand candidates reaches the other side in order, as far as the limits let it, and then ends that socket', async (t) => {
    await unaffected(t, server, async () => {
      const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
      const gone = alice.disconnected();
      for (let n = 0; n < 10_000; n += 1) alice.send('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
      await gone;
      await bob.next('call:participant-reconnecting');
      const numbers = bob.all('webrtc:ice-candidate').map((data) => Number(/ (\d+) typ/.exec(data.candidate.candidate)[1]) - 40_000);
      assert.ok(numbers.length >= 300 && numbers.length < 2_000, `${numbers.length} came through`);
      assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
      await bob.ask('call:end', call);
    }, { mib: 32 });
  });

  test('of a hundred thousand messages from several sockets ends them, and nobody else is slowed down', async (t) => {
    const { ids } = uniqueIds(['mob']);
    await unaffected(t, server, async () => {
      await Promise.all(Array.from({ length: 5 }, (_, n) => flood(server, `${ids.mob}-${n}`, 'messages', 20_000)));
      assert.equal(server.log.split('\n').filter((line) => line.includes(ids.mob)).length, 5, 'each was closed, and said so once');
    }, { mib: 48 });
  });

  test('of bytes is RATE_LIMITED, also where each message is small enough', async (t) => {
    const { alice } = await meet(t, server, ['alice']);
    const large = { sessionId: 's', offer: { type: 'offer', sdp: 'x'.repeat(60_000) } };
    const codes = [];
    // Not more at once than may wait: too many of those are RATE_LIMITED too, on a machine that is slow.
    for (let batch = 0; batch < 5; batch += 1) {
      const acks = await Promise.all(Array.from({ length: 20 }, () => alice.request('webrtc:offer', large)));
      codes.push(...acks.map((ack) => ack.code));
    }
    assert.ok(codes.filter((code) => code === 'CALL_NOT_FOUND').length >= 65, codes.join());
    assert.ok(codes.filter((code) => code === 'RATE_LIMITED').length >= 20, codes.join());
  });

  test('from many sockets of one user, who also comes again, is heard as one from a single socket', async (t) => {
    const { chatId, ids, bob } = await meet(t, server, ['mob', 'bob'], { offline: ['mob'] });
    const arrive = () => Promise.all(Array.from({ length: 16 }, () => TestClient.connect(server, ids.mob, { deviceId: 'd' })));
    const began = Date.now();
    let sockets = await arrive();
    const { sessionId } = await sockets.at(-1).ask('call:initiate', { chatId, callType: 'voice' });
    await bob.ask('call:accept', { sessionId });
    const report = { sessionId, quality: { avgBitrate: 32_000, packetLoss: 0, jitter: 5 } };
    let taken = 0;
    await unaffected(t, server, async () => {
      for (let round = 0; round < 3; round += 1) {
        const acks = await Promise.all(sockets.flatMap((socket) => Array.from({ length: 60 }, () => socket.request('call:quality', report))));
        taken += acks.filter((ack) => ack.success).length;
        assert.deepEqual(new Set(acks.filter((ack) => !ack.success).map((ack) => ack.code)), new Set(['RATE_LIMITED']));
        for (const socket of sockets) socket.close();
        sockets = await arrive();
      }
    }, { mib: 32 });
    const allowed = 300 + ((Date.now() - began) / 1_000) * 100;
    assert.ok(taken >= 250 && taken <= allowed, `${taken} of ${allowed}`);
    for (const socket of sockets) socket.close();
  });

  test('of bytes before the sign-in ends that socket: whole messages, and those that are never finished', async (t) => {
    await unaffected(t, server, async () => {
      const whole = ['40', '42["call:sync",{}]'].map((start) => start + 'x'.repeat(40_000));
      await Promise.all(whole.map(async (message) => {
        const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
        ws.on('error', () => {});
        await within('the open packet', (resolve) => ws.once('message', resolve));
        const closed = closing(ws);
        ws.send(message);
        await closed;
      }));
      // A frame of 400 KiB (RFC 6455, 5.2), of which 40 KiB come.
      const unfinished = Buffer.concat([Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 6, 0x40, 0, 1, 2, 3, 4]), Buffer.alloc(40_000)]);
      await Promise.all(Array.from({ length: 50 }, async (_, n) => {
        // Every second one began by polling.
        const socket = await tcp(t, server, handshake(n % 2 ? '' : `&sid=${await poller()}`));
        await within('the answer', (resolve) => socket.once('data', resolve));
        const closed = untilClosed(socket);
        socket.write(unfinished);
        await closed;
      }));
    }, { mib: 32 });
  });

  test('of bytes before the sign-in by polling is refused, and after it a session is heard as ever', async (t) => {
    const { ids } = uniqueIds(['poller']);
    const large = `40${'x'.repeat(40_000)}`;
    await unaffected(t, server, async () => {
      const sids = await Promise.all(Array.from({ length: 50 }, poller));
      await Promise.all(sids.map(async (sid, n) => {
        // Every second one does not say how much it brings.
        const body = n % 2 ? large : new Blob([large]).stream();
        const answer = await fetch(`${server.url}${POLLING}&sid=${sid}`, { method: 'POST', body, duplex: 'half' });
        assert.ok(answer.status >= 400, String(answer.status));
        assert.equal((await post(sid, '3')).status, 400, 'the session is over');
        if (n % 2) assert.deepEqual([answer.status, (await answer.json()).code], [413, 'PAYLOAD_TOO_LARGE']);
      }));
      const sid = await poller();
      await post(sid, `40${JSON.stringify({ token: await userToken(ids.poller) })}`);
      assert.match(await (await fetch(`${server.url}${POLLING}&sid=${sid}`)).text(), /(^|\x1e)40\{"sid"/);
      assert.equal((await post(sid, `42["call:sync",{"more":"${'x'.repeat(60_000)}"}]`)).status, 200);
    }, { mib: 32 });
  });

  test('who signs in on the way from polling to WebSocket is heard as ever after that', async (t) => {
    const { ids } = uniqueIds(['climber']);
    const ws = await climbed(t, server, ids.climber);
    ws.send(`421["call:sync",{"more":"${'x'.repeat(60_000)}"}]`);
    await hears(ws, '431[');
  });

  test('a request that only looks like the way over to WebSocket costs others on its connection nothing', async (t) => {
    const socket = await tcp(t, server);
    let answers = '';
    socket.on('data', (chunk) => { answers += chunk; });
    for (const connection of ['Upgrade', 'keep-alive']) socket.write(handshake(`&sid=${await poller()}`).replace('Connection: Upgrade', `Connection: ${connection}`).replace(/Sec-WebSocket-Key:.*\r\n/, ''));
    for (let n = 0; n < 40; n += 1) socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'x'.repeat(1_500)}\r\n\r\n`);
    await within('all answers', (resolve) => {
      const look = setInterval(() => {
        if (answers.split('HTTP/1.1 200').length <= 40) return;
        clearInterval(look);
        resolve();
      }, 20);
      t.after(() => clearInterval(look));
    });
    assert.equal(answers.split('HTTP/1.1 400').length, 3);
  });

  test('a WebSocket that is not asked for as one asks for it is none', async (t) => {
    for (const [from, to] of [['Sec-WebSocket-Version: 13', 'X: y'], ['Connection: Upgrade', 'Connection: keep-alive'], ['EIO=4', 'EIO=4=x'], ['GET ', 'POST ']]) {
      const socket = await tcp(t, server, handshake().replace(from, to));
      const [answer] = await within('the answer', (resolve) => socket.once('data', (...data) => resolve(data)));
      assert.match(String(answer), /^HTTP\/1\.1 400[^]*INVALID_PAYLOAD/, from);
    }
  });

  test('of pings, pongs and frames of the WebSocket itself slows nobody down', async (t) => {
    const { ids } = uniqueIds(['pinger']);
    await unaffected(t, server, async () => {
      await flood(server, ids.pinger, 'beats', 100_000);
    }, { mib: 32 });
  });

  test('of handshakes, by polling and by WebSocket, slows nobody down and leaves nothing', async (t) => {
    await unaffected(t, server, async () => {
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 50 }, async (_, n) => {
          if (n % 2 === 0) return poller();
          const ws = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
          await within('a handshake', (resolve) => ws.once('message', resolve).once('error', resolve));
          ws.send('40{"token":"none"}');
          return ws.terminate();
        }));
      }
    }, { mib: 48 });
  });

  test('of packets in one poll, and of polls, ends that session alone', async (t) => {
    const { ids } = uniqueIds(['poller']);
    await unaffected(t, server, async () => {
      const sid = await poller();
      await post(sid, `40{"token":"${await userToken(ids.poller)}"}`);
      await post(sid, Array(150_000).fill('42[').join('\x1e'));
      await within('the end of the session', async (resolve) => {
        while ((await post(sid, '42["call:sync"]'.concat('\x1e42["call:sync"]'.repeat(5_000)))).status === 200);
        resolve();
      }, 30_000);
      const polls = await Promise.all(Array.from({ length: 500 }, () => fetch(`${server.url}${POLLING}&sid=${sid}`)));
      assert.ok(polls.every((answer) => answer.status === 400));
    }, { mib: 32 });
  });

  test('of signing in and out on one socket ends it', async (t) => {
    const { ids } = uniqueIds(['door']);
    await unaffected(t, server, async () => {
      const ws = await signedIn(t, server, ids.door);
      const token = await userToken(ids.door);
      for (let n = 0; n < 1_000; n += 1) {
        ws.send('41');
        ws.send(`40{"token":"${token}"}`);
      }
      await closing(ws);
      const back = await TestClient.connect(server, ids.door);
      // What was sent before counts, so that there is a moment to wait.
      let answer = await back.request('call:sync');
      while (answer.code === 'RATE_LIMITED') {
        await pause(answer.retryAfterMs);
        answer = await back.request('call:sync');
      }
      assert.equal(answer.success, true);
      back.close();
    }, { mib: 24 });
  });

  describe('of one message of ten megabytes', () => {
    const tenMegabytes = 'x'.repeat(10 * MIB);

    test('ends the WebSocket that sends it, and takes no memory', async (t) => {
      const { ids } = uniqueIds(['giant']);
      await unaffected(t, server, async () => {
        for (const body of [`421["call:end",{"sessionId":"${tenMegabytes}"}]`, `40{"token":"${tenMegabytes}"}`, Buffer.from(tenMegabytes)]) {
          const ws = await signedIn(t, server, ids.giant);
          ws.send(body);
          await closing(ws);
        }
      }, { mib: 24 });
    });

    test('in pieces ends the WebSocket too', async (t) => {
      const { ids } = uniqueIds(['pieces']);
      const ws = await signedIn(t, server, ids.pieces);
      for (let n = 0; n < 200; n += 1) ws.send('x'.repeat(50 * 1024), { fin: false });
      await closing(ws);
    });

    test('posted to a session is refused, answered, and ends it', async (t) => {
      await unaffected(t, server, async () => {
        const sid = await poller();
        const answer = await post(sid, `4${tenMegabytes}`);
        assert.ok([400, 413].includes(answer.status), String(answer.status));
        await answer.text();
        assert.equal((await post(sid, '3')).status, 400);
      }, { mib: 24 });
    });

    test('sent to the API is answered, whoever sends it', async (t) => {
      const token = await serviceToken();
      await unaffected(t, server, async () => {
        const statuses = [];
        for (const [path, options] of [['/api/chats/c', { method: 'PUT', token }], ['/api/chats/c', { method: 'PUT' }], ['/api/nothing', { method: 'POST' }], ['/index.html', { method: 'POST' }]]) {
          statuses.push((await server.api(path, { ...options, body: JSON.stringify(tenMegabytes) })).status);
        }
        assert.deepEqual(statuses, [413, 401, 404, statuses[3]]);
      }, { mib: 24 });
    });
  });

  test('of headers is refused', async (t) => {
    for (const head of [`X-A: ${'x'.repeat(200_000)}\r\n`, 'X-A: b\r\n'.repeat(10_000)]) {
      const socket = await tcp(t, server, `GET /healthz HTTP/1.1\r\nHost: x\r\n${head}\r\n`);
      // A client that still sends may see the end before the answer.
      assert.match(await untilClosed(socket), /^(HTTP\/1\.1 431|$)/);
    }
  });

  test('of sockets of one user stops at the limit with a code; a device that comes back has its place', async (t) => {
    const { ids, alice } = await meet(t, server, ['alice']);
    const sockets = [];
    for (let n = 1; n < MOST_SOCKETS; n += 1) sockets.push(await TestClient.connect(server, ids.alice, { deviceId: `d${n}` }));
    t.after(() => sockets.forEach((socket) => socket.close()));
    const late = await TestClient.open(server, ids.alice, { deviceId: 'late' });
    t.after(() => late.close());
    const { message, data } = await late.refused();
    assert.equal(data.code, 'RATE_LIMITED');
    assert.equal(data.retryable, true);
    assert.ok(data.retryAfterMs > 0);
    assert.match(message, /32 sockets/);
    await settle(alice, ...sockets);

    const again = await TestClient.connect(server, ids.alice, { deviceId: 'd7' });
    t.after(() => again.close());
    await sockets[6].disconnected();
    await settle(again, alice);
    sockets[0].close();
    await sockets[0].disconnected();
    const { bob } = await meet(t, server, ['bob']);
    await bob.settled();
    const next = await within('room for one more', async (resolve) => {
      for (;;) {
        const client = await TestClient.open(server, ids.alice, { deviceId: 'next' });
        if (await client.connected().then(() => true, () => false)) return resolve(client);
      }
    });
    next.close();
  });
});
