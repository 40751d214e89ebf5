// How the server starts, refuses to start, and stops.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { TestClient, settle } from '../helpers/client.mjs';
import { ring, sdp, talk } from '../helpers/scene.mjs';
import { TestServer, freePort, runToEnd } from '../helpers/server.mjs';
import { JWT_SECRET, userToken } from '../helpers/tokens.mjs';

describe('starting', () => {
  let cwd;
  let listen;
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'ringback-test-'));
    listen = `127.0.0.1:${await freePort()}`;
  });
  after(() => rm(cwd, { recursive: true, force: true }));

  const fails = async (args, options = {}) => {
    const { code, output } = await runToEnd(args, { cwd, env: { DATABASE_URL: `sqlite://${join(cwd, 'x.sqlite')}` }, ...options });
    assert.notEqual(code, 0, output);
    assert.notEqual(code, null, `it did not end by itself: ${output}`);
    assert.doesNotMatch(output, /panicked/);
    return output;
  };

  test('without a key and without --dev is refused, saying what to set', async () => {
    const output = await fails(['--listen', listen]);
    assert.match(output, /JWT_SECRET/);
    assert.match(output, /--dev/);
  });

  test('with an empty or a short secret is refused', async () => {
    for (const JWT_SECRET of ['', 'short']) {
      const output = await fails(['--listen', listen], { env: { JWT_SECRET } });
      assert.match(output, /JWT_SECRET/);
    }
  });

  test('with --dev on an address that others can reach is refused', async () => {
    for (const address of ['0.0.0.0:0', '[::]:0', '192.0.2.1:8080']) {
      assert.match(await fails(['--dev', '--listen', address]), /loopback/);
    }
  });

  test('with a flag that is unknown or makes no sense is refused, naming it', async () => {
    const env = { JWT_SECRET };
    assert.match(await fails(['--no-such-flag'], { env }), /--no-such-flag/);
    assert.match(await fails(['--listen', 'nonsense'], { env }), /listen/i);
    assert.match(await fails(['--listen', listen, '--database', 'nosuch://x'], { env }), /database|nosuch/i);
    assert.match(await fails(['--listen', listen], { env: { ...env, RING_TIMEOUT_MS: 'soon' } }), /RING_TIMEOUT_MS|ring-timeout/i);
  });

  test('with a database that cannot be opened is refused, naming it', async () => {
    const file = join(cwd, 'a-file');
    await writeFile(file, 'no database');
    for (const path of [file, join(file, 'x.sqlite'), cwd]) {
      const output = await fails(['--listen', listen], { env: { JWT_SECRET, DATABASE_URL: `sqlite://${path}` }, withinMs: 5000 });
      assert.ok(output.includes('DATABASE_URL'), output);
    }
  });

  test('on a port that is taken is refused, naming it', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    const output = await fails(['--listen', `127.0.0.1:${server.port}`], { env: { JWT_SECRET, DATABASE_URL: `sqlite://${join(cwd, 'y.sqlite')}` } });
    assert.match(output, new RegExp(String(server.port)));
  });

  test('--help and --version answer and end well', async () => {
    const help = await runToEnd(['--help']);
    assert.equal(help.code, 0);
    for (const flag of ['--dev', '--listen', '--database']) assert.match(help.output, new RegExp(flag));
    const version = await runToEnd(['--version']);
    assert.equal(version.code, 0);
    assert.match(version.output, /\d+\.\d+\.\d+/);
  });

  test('says once that there is no TURN server', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    await server.logged(/WARN .*TURN/);
    assert.equal(server.log.match(/TURN server/g).length, 1);
  });

  test('with --dev warns, and needs no key', async (t) => {
    const server = await TestServer.start({ dev: true, jwtSecret: null });
    t.after(() => server.stop());
    await server.logged(/WARN .*--dev/);
  });
});

describe('the environment', () => {
  /** Starts a server in a folder that holds these files. */
  async function startWith(t, files, options = {}) {
    const server = await TestServer.start({ ...options, files, jwtSecret: null });
    t.after(() => server.stop());
    return server;
  }

  const configOf = async (t, server, secret) => {
    const client = await TestClient.connect(server, 'alice', { token: await userToken('alice', { secret }) });
    t.after(() => client.close());
    return (await client.ask('webrtc:config:get')).config;
  };

  const secret = 'a-secret-out-of-a-file-0123456789abcdef';

  test('TURN settings of the reference are read from .env.local', async (t) => {
    const server = await startWith(t, { '.env.local': `JWT_SECRET=${secret}\nTURN_SERVER=turn:turn.example.com:3478\nTURN_USERNAME=username\nTURN_CREDENTIAL=credential\n` });
    const config = await configOf(t, server, secret);
    const turn = config.iceServers.find((one) => [one.urls].flat().some((url) => url.startsWith('turn:')));
    assert.deepEqual([turn.urls].flat(), ['turn:turn.example.com:3478']);
    assert.equal(turn.username, 'username');
    assert.equal(turn.credential, 'credential');
  });

  test('.env is read, .env.local overrides it, and the environment overrides both', async (t) => {
    const files = {
      '.env': `JWT_SECRET=${secret}\nTURN_SERVER=turn:one.example\nTURN_USERNAME=one\nTURN_CREDENTIAL=one\nSTUN_SERVER=stun:one.example\n`,
      '.env.local': '# a comment\nTURN_SERVER="turn:two.example"\nexport TURN_USERNAME=two\n',
    };
    const server = await startWith(t, files, { env: { TURN_USERNAME: 'three' } });
    const { iceServers } = await configOf(t, server, secret);
    const turn = iceServers.find((one) => one.username);
    assert.deepEqual([[turn.urls].flat()[0], turn.username, turn.credential], ['turn:two.example', 'three', 'one']);
    assert.ok(iceServers.some((one) => [one.urls].flat().includes('stun:one.example')));
  });
});

/** Starts a server and asks it to stop while a call rings; returns it as soon as it has said so. */
async function stopWhileItRings(t) {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const { alice } = await ring(t, server, ['alice', 'bob']);
  server.requestStop();
  await alice.next('server:draining');
  return server;
}

describe('stopping', () => {
  test('on SIGTERM everyone hears server:draining, and a live call is taken up after the restart', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    const { alice, bob, call, ids } = await talk(t, server, ['alice', 'bob'], { client: { deviceId: 'd', reconnection: true } });
    server.requestStop();
    for (const client of [alice, bob]) assert.ok((await client.next('server:draining')).retryAfterMs >= 0);
    await Promise.all([alice.disconnected(), bob.disconnected()]);
    assert.equal(await server.exited(), 0);
    assert.equal(alice.count('call:ended') + bob.count('call:ended'), 0);
    assert.equal(bob.count('call:participant-left'), 0);
    await server.restart();
    await Promise.all([alice.connected(), bob.connected()]);
    for (const client of [alice, bob]) await client.ask('call:resume', { sessionId: call.sessionId });
    await bob.ask('webrtc:offer', { ...call, offer: sdp('offer') });
    await alice.next('webrtc:offer');
    const [live] = (await server.as(ids.alice, '/api/calls?status=ongoing')).body.data.calls;
    assert.equal(live.id, call.sessionId);
    await alice.ask('call:end', call);
  });

  test('while a call rings, new calls are DRAINING and what rings may still be answered', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    const { alice, bob, call } = await ring(t, server, ['alice', 'bob']);
    const third = await TestClient.connect(server, 'carol');
    t.after(() => third.close());
    const { chatId } = await (async () => ({ chatId: await server.putChat('of-carol', ['carol', 'dave']) }))();
    server.requestStop();
    await third.next('server:draining');
    const ack = await third.request('call:initiate', { chatId, callType: 'voice' });
    assert.equal(ack.code, 'DRAINING');
    assert.ok(ack.retryAfterMs >= 0);
    assert.equal((await server.api('/readyz')).status, 503);
    await bob.ask('call:accept', call);
    await alice.next('call:accepted');
    assert.equal(await server.exited(), 0);
  });

  test('whoever connects meanwhile is refused by status, so that a proxy asks another node and a client comes back by itself', async (t) => {
    const server = await stopWhileItRings(t);
    for (const transport of ['polling', 'websocket']) {
      const { status, body, headers } = await server.api(`/socket.io/?EIO=4&transport=${transport}`);
      assert.deepEqual([status, body.code, headers.get('retry-after')], [503, 'DRAINING', '1'], transport);
    }
    const late = await TestClient.open(server, 'carol', { reconnection: true });
    t.after(() => late.close());
    const failed = once(late.socket, 'connect_error');
    assert.equal((await failed)[0].message, 'websocket error');
    await server.exited();
    await server.restart();
    await late.connected();
  });

  test('an idle server ends at once', async (t) => {
    const server = await TestServer.start();
    t.after(() => server.stop());
    const began = Date.now();
    assert.equal(await server.terminate(), 0);
    assert.ok(Date.now() - began < 3000);
  });

  test('a second signal does not wait', async (t) => {
    const server = await stopWhileItRings(t);
    server.requestStop();
    const began = Date.now();
    await server.exited();
    assert.ok(Date.now() - began < 3000);
  });
});
