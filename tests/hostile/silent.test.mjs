// Those who do not read, do not speak, or do it as slowly as can be.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';

import { TestClient, within } from '../helpers/client.mjs';
import { meet, ring, sdp, talk, uniqueIds } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { climbed, closing, handshake, signedIn, tcp, untilClosed } from './connections.mjs';
import { unaffected } from './witness.mjs';

/** After so long whoever does not read or answer is gone: heartbeat, and what waits to be read. */
const GONE_WITHIN_MS = 50_000;

const MOST_SOCKETS = 32;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the silent', { concurrency: true }, () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('a device that stops reading while others fill its queue is taken out, and its memory freed', async (t) => {
    await unaffected(t, server, async () => {
      const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
      const wire = bob.socket.io.engine.transport.ws;
      wire.pause();
      t.after(() => wire.terminate());
      const gone = within('bob to be missed', (resolve) => alice.socket.once('call:participant-reconnecting', resolve), GONE_WITHIN_MS);
      for (let n = 0; n < 60; n += 1) alice.send('webrtc:offer', { ...call, offer: sdp('offer', 60_000) });
      await gone;
    }, { mib: 48 });
  });

  test('a device that does not read but keeps its heart beating is taken out as well', async (t) => {
    await unaffected(t, server, async () => {
      const { alice, call, ids } = await ring(t, server, ['alice', 'bob'], { offline: ['bob'] });
      const deaf = await signedIn(t, server, ids.bob, { deviceId: 'deaf' });
      deaf.send(`421["call:accept",${JSON.stringify(call)}]`);
      await alice.next('call:accepted');
      deaf.pause();
      const beat = setInterval(() => deaf.readyState === deaf.OPEN && deaf.send('3'), 2_000);
      t.after(() => clearInterval(beat));
      const gone = within('bob to be missed', (resolve) => alice.socket.once('call:participant-reconnecting', resolve), GONE_WITHIN_MS);
      const flood = setInterval(() => { for (let n = 0; n < 10; n += 1) alice.send('webrtc:offer', { ...call, offer: sdp('offer', 60_000) }); }, 500);
      t.after(() => clearInterval(flood));
      await gone;
      clearInterval(flood);
    }, { mib: 64 });
  });

  for (const [name, begin] of [['over WebSocket alone', signedIn], ['after polling', climbed]]) test(`who asks for answers to pings and does not read them is taken out, and takes no memory, ${name}`, async (t) => {
    const { ids } = uniqueIds(['pinger']);
    await unaffected(t, server, async () => {
      const ws = await begin(t, server, ids.pinger);
      ws.pause();
      const wire = ws._socket;
      // Pings with a mask of zeros (RFC 6455, 5.2).
      const pings = Buffer.concat(Array.from({ length: 500 }, () => Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)])));
      const closed = within('the end of it', (resolve) => wire.once('close', resolve), GONE_WITHIN_MS);
      const flood = () => { while (!wire.destroyed && wire.write(pings)); };
      wire.on('drain', flood);
      flood();
      await closed;
    }, { mib: 48 });
  });

  test('devices whose networks are cut without a word are missed, and make room', async (t) => {
    const { ids } = uniqueIds(['ghost']);
    await unaffected(t, server, async () => {
      const ghosts = Array.from({ length: 6 * MOST_SOCKETS }, (_, n) => signedIn(t, server, `${ids.ghost}-${n % 6}`, { deviceId: `d${n}` }));
      for (const ghost of await Promise.all(ghosts)) ghost.pause();
      const refused = await signedIn(t, server, `${ids.ghost}-0`).catch((error) => error.message);
      assert.match(refused, /RATE_LIMITED/);
      await within('room for one more of each', async (resolve) => {
        for (let n = 0; n < 6; n += 1) {
          while (await signedIn(t, server, `${ids.ghost}-${n}`).then(() => false, () => true)) await pause(500);
        }
        resolve();
      }, GONE_WITHIN_MS);
    }, { mib: 32 });
  });

  test('headers that trickle are not waited for', async (t) => {
    await unaffected(t, server, async () => {
      const loris = await Promise.all(Array.from({ length: 300 }, () => tcp(t, server, 'GET /healthz HTTP/1.1\r\nHost: x\r\n')));
      const trickle = setInterval(() => loris.forEach((socket) => socket.write('X-A: b\r\n')), 1_000);
      t.after(() => clearInterval(trickle));
      await Promise.all(loris.map((socket) => untilClosed(socket, 25_000)));
    }, { mib: 24 });
  });

  test('a body that trickles is not waited for', async (t) => {
    const socket = await tcp(t, server, `PUT /api/chats/c HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${await userToken('a')}\r\nContent-Length: 1000\r\n\r\n{`);
    const trickle = setInterval(() => socket.write(' '), 1_000);
    t.after(() => clearInterval(trickle));
    assert.match(await untilClosed(socket, 45_000), /^HTTP\/1\.1 (40\d)/);
  });

  test('a connection that says nothing at all is closed', async (t) => {
    await untilClosed(await tcp(t, server), 25_000);
  });

  test('sessions that poll once and never again are closed, and what waited for them is freed', async (t) => {
    const { chatId, ids } = await meet(t, server, ['alice', 'bob'], { offline: ['bob'] });
    await unaffected(t, server, async () => {
      const sessions = await Promise.all(Array.from({ length: 300 }, async () => {
        const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
        return JSON.parse((await answer.text()).slice(1)).sid;
      }));
      const tokens = await Promise.all(Array.from({ length: 20 }, () => userToken(ids.bob)));
      await Promise.all(sessions.slice(0, 20).map((sid, n) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: `40{"token":"${tokens[n]}","deviceId":"p${n}"}` })));
      const alice = await TestClient.connect(server, ids.alice);
      t.after(() => alice.close());
      await alice.ask('call:initiate', { chatId, callType: 'voice' });
      await within('the end of the sessions', async (resolve) => {
        for (const sid of sessions) {
          while ((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: '40/x' })).status === 200) await pause(500);
        }
        resolve();
      }, 30_000);
    }, { mib: 32 });
  });

  test('an upgrade that is begun and never finished does not hold the session for ever', async (t) => {
    const { sid } = JSON.parse((await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text()).slice(1));
    const socket = await tcp(t, server, handshake(`&sid=${sid}`));
    const [head] = await once(socket, 'data');
    assert.match(String(head), /101/);
    await untilClosed(socket, 30_000);
    assert.equal((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`)).status, 400);
  });

  test('a WebSocket frame that is begun and never finished ends with the heartbeat', async (t) => {
    const ws = await signedIn(t, server, 'half');
    ws._socket.write(Buffer.from([0x81, 0xfe, 0x40, 0x00, 1, 2, 3, 4, 5]));
    await closing(ws, 30_000);
  });
});
