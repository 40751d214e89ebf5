// Those who say nothing: the server does not wait for them for ever.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { within } from '../helpers/client.mjs';
import { RawConnection } from '../helpers/raw.mjs';
import { talk } from '../helpers/scene.mjs';
import { TestServer } from '../helpers/server.mjs';

describe('silence', { concurrency: true }, () => {
  let server;
  before(async () => { server = await TestServer.start(); });
  after(() => server.stop());

  test('a connection on which nobody signs in is closed', async (t) => {
    const raw = await RawConnection.open(server);
    t.after(() => raw.close());
    await within('the end of the connection', (resolve) => raw.manager.engine.on('close', resolve), 20_000);
    assert.ok(raw.closed);
  });

  test('a device that vanishes without a word is missed within seconds', async (t) => {
    const { alice, bob, call } = await talk(t, server, ['alice', 'bob']);
    const wire = bob.socket.io.engine.transport.ws;
    wire.pause();
    t.after(() => wire.terminate());
    const began = Date.now();
    await within('call:participant-reconnecting', (resolve) => alice.socket.once('call:participant-reconnecting', resolve), 25_000);
    assert.ok(Date.now() - began < 20_000);
    assert.equal((await alice.ask('call:sync')).calls[0].sessionId, call.sessionId);
  });
});
