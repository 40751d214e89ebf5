// The behaviours of the Engine.IO v4 protocol test suite, shown by the real server.
//
// The suite's server echoes messages; this one has no echo. Where a behaviour needs one, a Socket.IO
// CONNECT is sent and its answer is the message that comes back. The suite's server beats every
// 300 ms, this one as in production.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { within } from '../helpers/client.mjs';
import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { Engine, SEPARATOR, pollUntil } from './engine.mjs';

const PING_INTERVAL_MS = 5_000;
const PING_TIMEOUT_MS = 10_000;
/** How long a session may take to notice that nobody answers. */
const SILENCE_MS = PING_INTERVAL_MS + PING_TIMEOUT_MS + 5_000;

describe('Engine.IO v4', { concurrency: true }, () => {
  let server;
  let engine;
  let connect;
  before(async () => {
    server = await TestServer.start();
    engine = new Engine(server);
    connect = `40{"token":"${await userToken('ann')}"}`;
  });
  after(() => server.stop());

  const assertHandshake = (packet, upgrades) => {
    assert.equal(packet[0], '0');
    const { sid, ...rest } = JSON.parse(packet.slice(1));
    assert.equal(typeof sid, 'string');
    assert.deepEqual(rest, { upgrades, pingInterval: PING_INTERVAL_MS, pingTimeout: PING_TIMEOUT_MS, maxPayload: 524_288 });
  };
  const assertRefused = async (query, options) => assert.equal((await engine.request(query, options)).status, 400, query);

  describe('handshake by polling', { concurrency: true }, () => {
    test('opens a session', async () => {
      const { status, text } = await engine.request('?EIO=4&transport=polling');
      assert.equal(status, 200);
      assertHandshake(text, ['websocket']);
    });

    test('fails with an EIO that is absent or none', async () => {
      await assertRefused('?transport=polling');
      await assertRefused('?EIO=abc&transport=polling');
    });

    test('fails with a transport that is absent or none', async () => {
      await assertRefused('?EIO=4');
      await assertRefused('?EIO=4&transport=abc');
    });

    test('fails with another method than GET', async () => {
      await assertRefused('?EIO=4&transport=polling', { method: 'POST' });
      await assertRefused('?EIO=4&transport=polling', { method: 'PUT' });
    });
  });

  describe('handshake by WebSocket', { concurrency: true }, () => {
    test('opens a session', async (t) => assertHandshake(await engine.wire(t).next(), []));

    test('fails with an EIO that is absent or none', async (t) => {
      await engine.wire(t, '?transport=websocket').closed();
      await engine.wire(t, '?EIO=abc&transport=websocket').closed();
    });

    test('fails with a transport that is absent or none', async (t) => {
      await engine.wire(t, '?EIO=4').closed();
      await engine.wire(t, '?EIO=4&transport=abc').closed();
    });
  });

  describe('messages by polling', { concurrency: true }, () => {
    const sent = async (sid, body) => assert.deepEqual(await engine.post(sid, body), { status: 200, text: 'ok' });

    test('one in a payload arrives and is answered', async () => {
      const sid = await engine.poller();
      await sent(sid, connect);
      assert.match(await pollUntil(engine, sid, '40'), /^40\{"sid":"[^"]+"\}$/);
    });

    test('several in a payload arrive in order, and are answered in order', async () => {
      const sid = await engine.poller();
      await sent(sid, [connect, '421["call:sync"]', '422["webrtc:config:get"]'].join(SEPARATOR));
      const packets = await pollUntil(engine, sid, '432', { all: true });
      const answers = packets.filter((packet) => /^4[03]/.test(packet)).map((packet) => packet.slice(0, 3));
      assert.deepEqual(answers, ['40{', '431', '432']);
    });

    test('a binary one arrives beside a text, and the session lives on', async () => {
      const sid = await engine.poller();
      await sent(sid, [connect, 'bAQIDBA=='].join(SEPARATOR));
      await pollUntil(engine, sid, '40');
      await sent(sid, '421["call:sync"]');
      await pollUntil(engine, sid, '431');
    });

    test('a payload that is none closes the session', async () => {
      const sid = await engine.poller();
      assert.equal((await engine.post(sid, 'abc')).status, 400);
      assert.equal((await engine.poll(sid)).status, 400);
    });

    test('a second poll beside the first closes the session', async () => {
      const sid = await engine.poller();
      await engine.poll(sid); // takes the first ping, so that the next poll waits
      const first = engine.poll(sid);
      const second = engine.poll(sid);
      const answers = await Promise.all([first, second]);
      assert.ok(answers.some(({ status, text }) => status === 200 && text === '1'), JSON.stringify(answers));
      assert.ok(answers.some(({ status }) => status === 400));
      assert.equal((await engine.poll(sid)).status, 400);
    });

    test('a poll that is given up closes the session', async () => {
      const sid = await engine.poller();
      await engine.poll(sid);
      // One that is given up before the server has it ends nothing: then again.
      await within('the end of the session', async (resolve) => {
        do await engine.giveUpPoll(sid); while ((await engine.post(sid, '3')).status === 200);
        resolve();
      });
      assert.equal((await engine.poll(sid)).status, 400);
    });
  });

  describe('messages by WebSocket', { concurrency: true }, () => {
    test('a text arrives and is answered', async (t) => {
      const wire = await engine.session(t);
      wire.send(connect);
      assert.match(await wire.next(), /^40\{"sid":"[^"]+"\}$/);
    });

    test('a binary one arrives, and the session lives on', async (t) => {
      const wire = await engine.session(t);
      wire.send(connect);
      await wire.next();
      wire.send(Buffer.from([1, 2, 3, 4]));
      wire.send('421["call:sync"]');
      assert.match(await wire.next(), /^431/);
    });

    test('a packet that is none closes the session', async (t) => {
      const wire = await engine.session(t);
      wire.send('abc');
      await wire.closed();
    });
  });

  describe('heartbeat', { concurrency: true }, () => {
    test('beats while polling', async () => {
      const sid = await engine.poller();
      // Whoever signs in stays: this test outlasts the time to do so.
      await engine.post(sid, connect);
      await pollUntil(engine, sid, '40');
      for (let beat = 0; beat < 3; beat += 1) {
        assert.deepEqual(await engine.poll(sid), { status: 200, text: '2' });
        assert.equal((await engine.post(sid, '3')).status, 200);
      }
    });

    test('unanswered closes a session that polls', async () => {
      const sid = await engine.poller();
      await within('the end of the session', async (resolve) => {
        while ((await engine.poll(sid)).status === 200);
        resolve();
      }, SILENCE_MS);
    });

    test('beats over WebSocket', async (t) => {
      const wire = await engine.session(t);
      for (let beat = 0; beat < 3; beat += 1) {
        assert.equal(await wire.next({ pings: true }), '2');
        wire.send('3');
        if (beat === 0) {
          wire.send(connect);
          await wire.next();
        }
      }
    });

    test('unanswered closes a WebSocket', async (t) => {
      const wire = await engine.session(t);
      wire.send(connect);
      await wire.closed(SILENCE_MS);
    });
  });

  describe('close', { concurrency: true }, () => {
    test('ends a session that polls, and its open poll', async () => {
      const sid = await engine.poller();
      await engine.poll(sid);
      const open = engine.poll(sid);
      // The two take a connection each: the poll has to be there first.
      await pause(200);
      await engine.post(sid, '1');
      assert.deepEqual(await open, { status: 200, text: '6' });
      assert.equal((await engine.poll(sid)).status, 400);
    });

    test('ends a WebSocket', async (t) => {
      const wire = await engine.session(t);
      wire.send('1');
      await wire.closed();
    });
  });

  describe('upgrade', { concurrency: true }, () => {
    /** Upgrades a session and shows that messages pass over the WebSocket. */
    const upgraded = async (t) => {
      const sid = await engine.poller();
      const wire = engine.wireOf(t, sid);
      await wire.opened();
      wire.send('2probe');
      assert.equal(await wire.next(), '3probe');
      return { sid, wire };
    };
    const assertLives = async (wire) => {
      wire.send(connect);
      assert.match(await wire.next(), /^40/);
    };

    test('takes a session from polling to WebSocket, and ends the open poll with a noop', async (t) => {
      const { sid, wire } = await upgraded(t);
      assert.deepEqual(await engine.poll(sid), { status: 200, text: '6' });
      wire.send('5');
      await assertLives(wire);
    });

    test('leaves nothing to poll for', async (t) => {
      const { sid, wire } = await upgraded(t);
      wire.send('5');
      await assertLives(wire);
      assert.equal((await engine.poll(sid)).status, 400);
      wire.send('429["call:sync"]');
      assert.match(await wire.next(), /^439/);
    });

    test('happens once: a second WebSocket of the session is closed, and the first lives on', async (t) => {
      const { sid, wire } = await upgraded(t);
      wire.send('5');
      await assertLives(wire);
      await engine.wireOf(t, sid).closed();
      wire.send('429["call:sync"]');
      assert.match(await wire.next(), /^439/);
    });
  });
});
