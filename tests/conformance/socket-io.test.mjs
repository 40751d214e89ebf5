// The behaviours of the Socket.IO v5 protocol test suite, shown by the real server. Those of the
// engine below, which that suite repeats, are in engine-io.test.mjs.
//
// The suite's server lets everyone in, echoes `message` and has a namespace `/custom`. This one lets
// in who has a token, answers the events of PROTOCOL.md, has one namespace and takes no binary
// attachments: each of these behaviours is shown in its place.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TestServer } from '../helpers/server.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { Engine } from './engine.mjs';

describe('Socket.IO v5', { concurrency: true }, () => {
  let server;
  let engine;
  let connect;
  before(async () => {
    server = await TestServer.start();
    engine = new Engine(server);
    connect = `40{"token":"${await userToken('ann')}"}`;
  });
  after(() => server.stop());

  const signedIn = async (t) => {
    const wire = await engine.session(t);
    wire.send(connect);
    assert.match(await wire.next(), /^40/);
    return wire;
  };
  const ackOf = (packet, id) => {
    assert.ok(packet.startsWith(`43${id}[`), packet);
    return JSON.parse(packet.slice(2 + id.length))[0];
  };

  describe('connect', { concurrency: true }, () => {
    test('to the main namespace with a payload answers with the id of the socket', async (t) => {
      const wire = await engine.session(t);
      wire.send(connect);
      const answer = await wire.next();
      assert.equal(answer.slice(0, 2), '40');
      const payload = JSON.parse(answer.slice(2));
      assert.deepEqual(Object.keys(payload), ['sid']);
      assert.equal(typeof payload.sid, 'string');
    });

    test('to the main namespace without a payload is answered: here with what is missing', async (t) => {
      const wire = await engine.session(t);
      wire.send('40');
      const answer = await wire.next();
      assert.equal(answer.slice(0, 2), '44');
      assert.equal(JSON.parse(answer.slice(2)).data.code, 'UNAUTHENTICATED');
    });

    for (const [what, payload] of [['without a payload', ''], ['with a payload', '{"token":"abc"}']]) {
      test(`to another namespace ${what} is answered for that namespace: here that there is none`, async (t) => {
        const wire = await engine.session(t);
        wire.send(`40/custom,${payload}`);
        assert.equal(await wire.next(), '44/custom,{"message":"Invalid namespace"}');
        wire.send(connect);
        assert.match(await wire.next(), /^40\{/);
      });
    }

    test('to an unknown namespace, also with a query, is refused', async (t) => {
      const wire = await engine.session(t);
      wire.send('40/random');
      assert.equal(await wire.next(), '44/random,{"message":"Invalid namespace"}');
      wire.send('40/random?a=b,{}');
      assert.equal(await wire.next(), '44/random,{"message":"Invalid namespace"}');
    });

    test('with a packet that is none closes the connection', async (t) => {
      const wire = await engine.session(t);
      wire.send('4abc');
      await wire.closed();
    });

    test('not at all closes the connection', async (t) => {
      const wire = await engine.session(t);
      await wire.closed(15_000);
    });
  });

  describe('disconnect', { concurrency: true }, () => {
    test('from the main namespace leaves the connection open: the heart beats, and the client may come back', async (t) => {
      const wire = await signedIn(t);
      wire.send('41');
      wire.send('427["call:sync"]');
      assert.equal(ackOf(await wire.next(), '7').code, 'UNAUTHENTICATED');
      wire.send('3');
      assert.equal(await wire.next({ pings: true }), '2');
      wire.send(connect);
      assert.match(await wire.next(), /^40/);
      wire.send('428["call:sync"]');
      assert.equal(ackOf(await wire.next(), '8').success, true);
    });

    test('from another namespace does not touch the main one', async (t) => {
      const wire = await signedIn(t);
      wire.send('40/custom');
      assert.equal(await wire.next(), '44/custom,{"message":"Invalid namespace"}');
      wire.send('41/custom');
      wire.send('42/custom,5["call:sync"]');
      wire.send('426["call:sync"]');
      assert.equal(ackOf(await wire.next(), '6').success, true);
    });
  });

  describe('message', { concurrency: true }, () => {
    test('in plain text is heard, with any number and kind of arguments', async (t) => {
      const wire = await signedIn(t);
      wire.send('42["message",1,"2",{"3":[true]}]');
      const [event, { code, event: about }] = JSON.parse((await wire.next()).slice(2));
      assert.deepEqual([event, code, about], ['call:error', 'UNKNOWN_EVENT', 'message']);
    });

    test('in plain text with an ack is answered under its number', async (t) => {
      const wire = await signedIn(t);
      wire.send('42456["call:sync",1,"2",{"3":[false]}]');
      assert.deepEqual(ackOf(await wire.next(), '456'), { success: true, calls: [] });
    });

    test('with binary attachments is refused with a code, and the socket lives on', async (t) => {
      const wire = await signedIn(t);
      wire.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
      wire.send(Buffer.from([1, 2, 3]));
      wire.send(Buffer.from([4, 5, 6]));
      const [event, { code, event: about }] = JSON.parse((await wire.next()).slice(2));
      assert.deepEqual([event, code, about], ['call:error', 'INVALID_PAYLOAD', 'message']);
      wire.send('421["call:sync"]');
      assert.equal(ackOf(await wire.next(), '1').success, true);
    });

    test('with binary attachments and an ack is refused under its number', async (t) => {
      const wire = await signedIn(t);
      wire.send('452-789["call:sync",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
      wire.send(Buffer.from([1, 2, 3]));
      wire.send(Buffer.from([4, 5, 6]));
      assert.equal(ackOf(await wire.next(), '789').code, 'INVALID_PAYLOAD');
      wire.send('421["call:sync"]');
      assert.equal(ackOf(await wire.next(), '1').success, true);
    });

    for (const [what, packet] of [
      ['of an unknown type', '4abc'],
      ['whose payload is no array', '42{}'],
      ['whose ack number is none', '42abc["call:sync",1,"2",{"3":[false]}]'],
    ]) {
      test(`${what} closes the connection`, async (t) => {
        const wire = await signedIn(t);
        wire.send(packet);
        await wire.closed();
      });
    }
  });
});
