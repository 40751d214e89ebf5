// What an operator does with the binary: check settings, mint tokens, read logs and traces.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { TestClient } from '../helpers/client.mjs';
import { candidate, ring, sdp } from '../helpers/scene.mjs';
import { TestServer, runToEnd, serverBinary } from '../helpers/server.mjs';
import { JWT_SECRET } from '../helpers/tokens.mjs';

const env = { JWT_SECRET };
const DATABASE = ['--database', 'sqlite::memory:'];

/** A collector that takes traces, and tells when it got some. */
async function collector(t) {
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    taken.push({ path: request.url, type: request.headers['content-type'], body: Buffer.concat(parts).toString('latin1') });
    response.end();
    server.emit('traces');
  });
  const taken = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { server, taken, url: `http://127.0.0.1:${server.address().port}` };
}

test('a token of the command line signs a person in, and opens nothing that is for the backend', async (t) => {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const { code, output } = await runToEnd(['token', '--sub', 'ann', '--name', 'Ann', '--ttl', '5m', ...DATABASE], { env });
  assert.equal(code, 0, output);
  const client = await TestClient.connect(server, 'ann', { token: output.trim() });
  t.after(() => client.close());
  assert.equal((await client.ask('webrtc:config:get')).you.userId, 'ann');
  assert.equal((await server.api('/metrics', { token: output.trim() })).status, 403);
});

test('a service token of the command line opens what is for the backend', async (t) => {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const { output } = await runToEnd(['token', '--role', 'service', ...DATABASE], { env });
  assert.equal((await server.api('/metrics', { token: output.trim() })).status, 200);
});

test('a token for nobody, for no time or without a secret is refused, and what to do is said', async () => {
  const refused = async (args, vars = env) => (await runToEnd(['token', ...args, ...DATABASE], { env: vars }));
  assert.match((await refused([])).output, /--sub/);
  assert.match((await refused(['--sub', 'ann', '--ttl', 'soon'])).output, /number and s, m, h or d/);
  const without = await refused(['--sub', 'ann'], {});
  assert.equal(without.code, 2);
  assert.match(without.output, /JWT_SECRET: it is not set/);
});

test('config says that the settings are valid, shows them and keeps the secrets', async () => {
  const { code, output } = await runToEnd([...DATABASE, '--turn-server', 'turn:t.example:3478', '--turn-secret', 'hush-hush', '--calls-per-minute', '7', 'config'], { env });
  assert.equal(code, 0, output);
  assert.match(output, /The settings are valid/);
  assert.match(output, /web pages +of any origin\n +one user +32 sockets, 7 calls a minute, 20 requests a second\n/);
  assert.match(output, /turn:t\.example:3478/);
  assert.doesNotMatch(output, /hush-hush|a-secret-that-only-tests-know/);
});

test('config shows who signs tokens, who is told of calls and how long they are kept, and no path that may be secret', async () => {
  const secret = `whsec_${Buffer.alloc(32, 'x').toString('base64')}`;
  const vars = { JWKS_URL: 'https://id.example/keys', WEBHOOK_URL: 'https://chat.example:8443/hush-hush', WEBHOOK_SECRET: secret, RETAIN_CALLS: '90d' };
  const { code, output } = await runToEnd([...DATABASE, 'config'], { env: vars });
  assert.equal(code, 0, output);
  assert.match(output, /tokens by +0 secret\(s\), 0 public key\(s\), those that https:\/\/id\.example publishes\n/);
  assert.match(output, /told of calls +https:\/\/chat\.example:8443\n +asked first +none\n +keeps calls +90 days\n/);
  assert.doesNotMatch(output, /hush-hush|whsec/);
});

test('what is printed may be read in part', async () => {
  const child = spawn(serverBinary(), [...DATABASE, 'config'], { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [code] = await once(child, 'close');
  assert.deepEqual([code, errors], [0, '']);
});

test('config makes neither a folder nor a secret', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const { code, output } = await runToEnd(['--dev', '--database', `sqlite:${folder}/new/calls.db`, 'config']);
  assert.equal(code, 0, output);
  assert.deepEqual(await readdir(folder), []);
});

test('config names the key and the remedy of a setting that is wrong', async () => {
  const { code, output } = await runToEnd([...DATABASE, '--turn-server', 'turn:t.example:3478', 'config'], { env });
  assert.equal(code, 2);
  assert.match(output, /TURN_SERVER: .*\n.*Set TURN_USERNAME and TURN_CREDENTIAL, or TURN_SECRET/);
});

test('a misspelt variable is warned of, wherever it stands', async (t) => {
  const server = await TestServer.start({ env: { RINGBACK_LISTN: 'x' }, files: { '.env': 'STUN_SERVRE=stun:s.example:3478\n' } });
  t.after(() => server.stop());
  assert.match(server.log, /RINGBACK_LISTN is no setting and has no effect: did you mean RINGBACK_LISTEN\?/);
  assert.match(server.log, /STUN_SERVRE is no setting and has no effect: did you mean STUN_SERVER\?/);
});

test('--help has the settings under headings, and examples', async () => {
  const { code, output } = await runToEnd(['--help']);
  assert.equal(code, 0);
  for (const heading of ['Server', 'Storage and nodes', 'Tokens', 'Calls', 'STUN and TURN', 'Logs and traces', 'Tasks', 'Examples']) {
    assert.match(output, new RegExp(`^${heading}:`, 'm'));
  }
});

test('logs are JSON on request, one object a line', async (t) => {
  const server = await TestServer.start({ env: { RINGBACK_LOG_FORMAT: 'json' } });
  t.after(() => server.stop());
  await server.terminate();
  const lines = server.log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  assert.ok(lines.some(({ level, message }) => level === 'INFO' && message === 'stopping'), server.log);
});

test('a log filter that does not parse is refused', async () => {
  const { code, output } = await runToEnd(['--log', 'info,=x=y', ...DATABASE], { env });
  assert.equal(code, 2);
  assert.match(output, /--log \(RINGBACK_LOG\)/);
});

test('a call leaves traces at the collector, and nothing secret in them or in the logs', async (t) => {
  const { server: taking, taken, url } = await collector(t);
  const server = await TestServer.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
  t.after(() => server.stop());
  const token = (await runToEnd(['token', '--sub', 'zoe', ...DATABASE], { env })).output.trim();
  await server.api('/api/calls', { token });
  const { ann, bob, call } = await ring(t, server, ['ann', 'bob']);
  await bob.ask('call:accept', { ...call, answer: sdp('answer') });
  await ann.ask('webrtc:ice-candidate', { ...call, candidate: candidate(7) });
  await ann.ask('call:end', call);
  const got = once(taking, 'traces');
  assert.equal(await server.terminate(), 0);
  await got;
  assert.deepEqual(new Set(taken.map(({ path, type }) => `${path} ${type}`)), new Set(['/v1/traces application/x-protobuf']));
  const traces = taken.map(({ body }) => body).join('');
  for (const said of ['ringback-server', 'call:initiate', 'call:accept', 'compare_and_set', '/api/calls']) assert.ok(traces.includes(said), said);
  const secrets = [token, 'a=ssrc', '203.0.113.7', 'typ srflx', '127.0.0.1', JWT_SECRET];
  for (const secret of secrets) assert.ok(!traces.includes(secret), secret);
  for (const secret of secrets.filter((secret) => secret !== '127.0.0.1')) assert.ok(!server.log.includes(secret), secret);
});

test('a collector that is away costs nothing but a line in the log', async (t) => {
  const server = await TestServer.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
  t.after(() => server.stop());
  await ring(t, server, ['ann', 'bob']);
  assert.equal(await server.terminate(), 0);
});
