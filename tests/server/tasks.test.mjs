// The tasks of the binary: `ringback-server migrate` and the others, each run as an operator would.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { runToEnd } from '../helpers/server.mjs';

/** A folder that is gone after the test. */
async function folderOf(t) {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-tasks-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('migrate makes the database, says its version, and does nothing the second time', async (t) => {
  const file = join(await folderOf(t), 'deep', 'calls.db');
  const first = await runToEnd(['migrate', '--database', `sqlite://${file}`]);
  assert.equal(first.code, 0, first.output);
  assert.match(first.output, /from version 0 to version \d+/);
  assert.ok(existsSync(file));
  const second = await runToEnd(['migrate'], { env: { DATABASE_URL: `sqlite://${file}` } });
  assert.equal(second.code, 0, second.output);
  assert.match(second.output, /up to date: version \d+/);
});

test('a task says which setting is at fault and needs no key of tokens', async (t) => {
  const cwd = await folderOf(t);
  const failed = await runToEnd(['migrate', '--database', 'mysql://localhost/calls'], { cwd });
  assert.equal(failed.code, 1);
  assert.match(failed.output, /--database \(DATABASE_URL\): "mysql:\/\/localhost\/calls" is not a database address/);
});

test('the help lists the tasks and every setting', async () => {
  const { code, output } = await runToEnd(['--help']);
  assert.equal(code, 0);
  assert.match(output, /calls over Socket\.IO, call history over REST/);
  for (const part of [/Tasks:\n\s+migrate/, /--database <URL>/, /DATABASE_URL/, /--turn-secret/]) assert.match(output, part);
});
