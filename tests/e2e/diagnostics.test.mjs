// What a page exports for a bug report: nobody's business taken out, and the machine replays it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Scene, dial, rings, talk } from './scene.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Gives an export to the same machine, natively; fails when it comes to other states. */
async function replay(t, exported) {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-diagnostics-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'diagnostics.json');
  await writeFile(file, JSON.stringify(exported));
  const run = promisify(execFile)('cargo', ['run', '--quiet', '-p', 'ringback-sdk', '--example', 'replay', file], { cwd: root });
  return (await run.catch((error) => assert.fail(`${error.stdout}\n${error.stderr}`))).stdout;
}

const exported = (person) => person.do(() => calls.exportDiagnostics());

test('a call that was exported is replayed natively to the same states, by caller and callee', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await dial(scene, alice, bob);
  await rings(bob);
  assert.equal(await bob.do(() => failure(calls.rejectCall(''))), 'INVALID_ARGUMENT');
  await bob.do(() => calls.acceptCall());
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  await alice.do(() => calls.toggleMute());
  await bob.event('participantAudioToggle', { muted: true });
  await scene.server.kill();
  await Promise.all([alice, bob].map((person) => person.event('signaling', { connected: false })));
  await scene.server.restart();
  await Promise.all([alice, bob].map((person) => person.event('signaling', { connected: true })));
  await alice.do(() => calls.toggleMute());
  await bob.event('participantAudioToggle', { muted: false });
  await alice.do(() => calls.endCall());
  await Promise.all([alice.event('ended'), bob.event('ended')]);
  for (const [person, first] of [[alice, 'outgoing'], [bob, 'incoming']]) {
    const states = await replay(t, await exported(person));
    assert.match(states, new RegExp(`The same states as in the browser: idle, ${first}, (connecting, )?connected, ended`));
  }
});

test('an export holds no address, name, id, key, credential or token', async (t) => {
  const env = { STUN_SERVER: 'stun:stun.secret.example:3478', TURN_SERVER: 'turn:turn.secret.example:3478', TURN_USERNAME: 'turn-user', TURN_CREDENTIAL: 'turn-password' };
  const { scene, alice, bob } = await Scene.ofTwo(t, { env });
  await talk(scene, alice, bob);
  const own = await exported(alice);
  const text = JSON.stringify(own);
  for (const secret of ['secret.example', 'turn-user', 'turn-password', 'alice', 'Alice', 'bob', 'Bob', scene.chat, '127.0.0.1', 'eyJ']) {
    assert.ok(!text.includes(secret), `${secret} is in it: ${text.slice(Math.max(0, text.indexOf(secret) - 80), text.indexOf(secret) + 40)}`);
  }
  const lines = text.split('\\r\\n');
  assert.ok(lines.some((line) => line.includes('a=ice-ufrag:')), 'what the machine compares is there');
  assert.deepEqual(lines.filter((line) => /^a=(ice-pwd|fingerprint)/.test(line) && !/redacted$|00$/.test(line)), []);
  const addresses = text.match(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g) ?? [];
  const version = own.userAgent.match(/(?:\d+\.){3}\d+/g) ?? [];
  assert.deepEqual(addresses.filter((address) => address !== '0.0.0.0' && !version.includes(address)), []);
  assert.ok(!/\b[0-9a-f]{8}-[0-9a-f-]{27}\.local/.test(text));
});
