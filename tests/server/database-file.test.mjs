// The file of the database under a running server: its disk fills up, it is deleted, another one takes its place.
import assert from 'node:assert/strict';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ring } from '../helpers/scene.mjs';
import { TestServer, runToEnd } from '../helpers/server.mjs';
import { SmallDisk, noDisk } from '../helpers/small-disk.mjs';
import { JWT_SECRET } from '../helpers/tokens.mjs';

const FULL = 'the database takes no writes: its disk is full';
const GONE = 'the file of the database was deleted or replaced';

/** What /readyz says. */
async function readiness(server) {
  const { status, body } = await server.api('/readyz');
  return [status, ...body.reasons];
}

test('a full disk is told before a call meets it, until there is room again', { skip: noDisk }, async (t) => {
  const disk = SmallDisk.mount(t, { mebibytes: 8 });
  const server = await TestServer.start({ database: `sqlite://${join(disk.folder, 'calls.db')}` });
  t.after(() => server.stop());
  assert.deepEqual(await readiness(server), [200]);
  await disk.fill();
  assert.deepEqual(await readiness(server), [503, FULL]);
  await server.logged(/ERROR.*the database is away.*its disk is full/);
  await disk.empty();
  assert.deepEqual(await readiness(server), [200]);
  await server.logged(/INFO.*the database is back/);
  await ring(t, server, ['ann', 'bob']);
});

test('what a full disk cannot store is refused, and what was stored before goes on when there is room', { skip: noDisk }, async (t) => {
  const disk = SmallDisk.mount(t, { mebibytes: 8 });
  const server = await TestServer.start({ database: `sqlite://${join(disk.folder, 'calls.db')}` });
  t.after(() => server.stop());
  const { ann, bob, call } = await ring(t, server, ['ann', 'bob']);
  await disk.fill();
  assert.equal(await bob.refusedWith('call:accept', call), 'INTERNAL');
  assert.deepEqual(await readiness(server), [503, FULL]);
  await disk.empty();
  assert.deepEqual(await readiness(server), [200]);
  await bob.ask('call:accept', call);
  await ann.next('call:accepted');
});

test('a disk that is full at the start is named, by doctor too', { skip: noDisk }, async (t) => {
  const disk = SmallDisk.mount(t, { mebibytes: 8 });
  const env = { JWT_SECRET, DATABASE_URL: `sqlite://${join(disk.folder, 'calls.db')}` };
  await runToEnd(['migrate'], { cwd: disk.folder, env });
  await disk.fill();
  const started = await runToEnd(['--listen', '127.0.0.1:0'], { cwd: disk.folder, env });
  assert.equal(started.code, 1);
  assert.match(started.output, /--database \(DATABASE_URL\): the database takes no writes: its disk is full/);
  const { code, output } = await runToEnd(['doctor'], { cwd: disk.folder, env });
  assert.equal(code, 1);
  assert.match(output, /^FAILED {2}database: the database takes no writes: its disk is full\n\s+Make room on it/m);
});

test('a file that was deleted or replaced is told, in the log too, until it is back', async (t) => {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const file = join(server.folder, 'ringback.sqlite');
  await rename(file, `${file}.away`);
  assert.deepEqual(await readiness(server), [503, GONE]);
  await server.logged(/ERROR.*the database is away.*was deleted or replaced/);
  await copyFile(`${file}.away`, file);
  assert.deepEqual(await readiness(server), [503, GONE]);
  await rename(`${file}.away`, file);
  assert.deepEqual(await readiness(server), [200]);
  await server.logged(/INFO.*the database is back/);
});

test('doctor asks the server that runs, and says why it takes no new work', async (t) => {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const doctor = () => runToEnd(['--listen', new URL(server.url).host, 'doctor'], { cwd: server.folder, env: { JWT_SECRET, DATABASE_URL: `sqlite://${join(server.folder, 'ringback.sqlite')}` } });
  assert.match((await doctor()).output, /^ok {6}server: it runs at 127\.0\.0\.1:\d+, and takes new work$/m);
  await rm(join(server.folder, 'ringback.sqlite'));
  const { code, output } = await doctor();
  assert.equal(code, 1);
  assert.match(output, /^FAILED {2}server: it runs at .*, and takes no new work: the file of the database was deleted or replaced\n\s+\S/m);
  await server.kill();
  assert.match((await doctor()).output, /^skipped server: none answers at 127\.0\.0\.1:\d+$/m);
});
