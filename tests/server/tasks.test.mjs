// The tasks of the binary: `ringback-server migrate` and the others, each run as an operator would.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { endedCall, writeArchive } from '../helpers/archive.mjs';
import { ring } from '../helpers/scene.mjs';
import { TestServer, freePort, runToEnd } from '../helpers/server.mjs';
import { serviceToken } from '../helpers/tokens.mjs';

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

test('doctor makes nothing, says what is to be made, and finds nothing missing after that', async (t) => {
  const folder = await folderOf(t);
  const settings = { cwd: folder, env: { RINGBACK_DEV: '1', DATABASE_URL: `sqlite://${join(folder, 'deep', 'calls.db')}` } };
  const absent = await runToEnd(['doctor'], settings);
  assert.match(absent.output, /^warning database: it is not there yet\n\s+Run `ringback-server migrate`/m);
  assert.deepEqual(await readdir(folder), []);
  await runToEnd(['migrate'], settings);
  const made = await readdir(join(folder, 'deep'));
  const current = await runToEnd(['doctor'], settings);
  assert.match(current.output, /^ok {6}database: it answers \(\d+ ms\), and its schema is current$/m);
  assert.deepEqual(await readdir(join(folder, 'deep')), made);
});

test('a task says which setting is at fault and needs no key of tokens', async (t) => {
  const cwd = await folderOf(t);
  const failed = await runToEnd(['migrate', '--database', 'mysql://localhost/calls'], { cwd });
  assert.equal(failed.code, 1);
  assert.match(failed.output, /--database \(DATABASE_URL\): "mysql:\/\/localhost\/calls" is not a database address/);
  const config = await runToEnd(['config', '--database', 'mysql://localhost/calls'], { cwd, env: { JWT_SECRET: 'x'.repeat(32) } });
  assert.equal(config.code, 1);
  assert.match(config.output, /--database \(DATABASE_URL\): "mysql:/);
  assert.doesNotMatch(config.output, /valid/);
});

test('a database that does not answer is said to, with the cause', async (t) => {
  const port = await freePort();
  const failed = await runToEnd(['migrate'], { cwd: await folderOf(t), env: { DATABASE_URL: `postgres://ann@127.0.0.1:${port}/calls` } });
  assert.equal(failed.code, 1);
  assert.match(failed.output, /--database \(DATABASE_URL\): .*Connection refused/);
});

test('a switch that is neither on nor off is refused: a slip does not turn development on', async (t) => {
  const cwd = await folderOf(t);
  for (const variable of ['RINGBACK_DEV', 'CALL_WAITING']) {
    const { code, output } = await runToEnd(['config'], { cwd, env: { JWT_SECRET: 'x'.repeat(32), [variable]: 'disabled' } });
    assert.equal(code, 2, output);
    assert.match(output, new RegExp(`\\(${variable}\\)': write true or false`));
  }
});

test('a wrong variable is named beside its flag', async (t) => {
  const { code, output } = await runToEnd(['config'], { cwd: await folderOf(t), env: { RETAIN_CALLS: 'soon' } });
  assert.equal(code, 2, output);
  assert.match(output, /'--retain-calls <TIME> \(RETAIN_CALLS\)': write it as 90d/);
});

test('an empty variable is none, whatever it is for', async (t) => {
  const empty = ['RING_TIMEOUT_MS', 'RETAIN_CALLS', 'RINGBACK_LISTEN', 'RINGBACK_LOG_FORMAT', 'RINGBACK_DEV', 'REDIS_PREFIX'];
  const env = { JWT_SECRET: 'x'.repeat(32), ...Object.fromEntries(empty.map((variable) => [variable, ''])) };
  const { code, output } = await runToEnd(['config'], { cwd: await folderOf(t), env });
  assert.equal(code, 0, output);
});

test('the help lists the tasks and every setting', async () => {
  const { code, output } = await runToEnd(['--help']);
  assert.equal(code, 0);
  assert.match(output, /calls over Socket\.IO, call history over REST/);
  for (const part of [/Tasks:\n\s+migrate/, /--database <URL>/, /DATABASE_URL/, /--turn-secret/]) assert.match(output, part);
});

const START = Date.parse('2025-06-15T12:00:00Z');
const DAY_MS = 86_400_000;

/** Seven calls of alice to bob, two of them within the same millisecond. */
const sevenCalls = (start = START) =>
  Array.from({ length: 7 }, (_, n) =>
    endedCall({ id: `call-${n}`, chat: 'team', caller: 'alice', callee: 'bob', at: start + (n >> 1) * 1000 }),
  );
const team = { kind: 'chat', id: 'team', chat: { name: 'Team', participants: [{ id: 'alice', name: 'Alice' }, { id: 'bob' }] } };

/** Runs a task that has to succeed, and returns what it printed. */
async function task(...args) {
  const { code, output } = await runToEnd(args);
  assert.equal(code, 0, `${args.join(' ')}: ${output}`);
  return output;
}

/** A database with these lines in it. */
async function databaseOf(folder, lines, name = 'calls') {
  const [file, url] = [join(folder, `${name}.ndjson`), `sqlite://${join(folder, `${name}.db`)}`];
  await writeArchive(file, lines);
  return { url, file, output: await task('import', file, '--database', url) };
}

test('what was exported is imported once, whole, however often it is done', async (t) => {
  const folder = await folderOf(t);
  const first = await databaseOf(folder, [team, ...sevenCalls()]);
  assert.match(first.output, /7 calls, 7 of them new, and 1 chats/);
  const exported = join(folder, 'exported.ndjson');
  await task('export', '--output', exported, '--database', first.url);
  const second = `sqlite://${join(folder, 'second.db')}`;
  assert.match(await task('import', exported, '--database', second), /7 calls, 7 of them new/);
  assert.match(await task('import', exported, '--database', second), /7 calls, 0 of them new/);
  const again = await task('export', '--database', second);
  assert.equal(again, await readFile(exported, 'utf8'));
  assert.equal(again.trim().split('\n').length, 9);
});

test('a table has one row a call, and a name is never a formula', async (t) => {
  const call = endedCall({ id: 'c', chat: 'team', caller: '=1+1', callee: 'bob', at: START });
  const { url } = await databaseOf(await folderOf(t), [call]);
  const [head, row, ...rest] = (await task('export', '--format', 'csv', '--database', url)).trim().split('\n');
  assert.match(head, /^id,chatId,chatName,callType,status,callerId,/);
  assert.match(row, /^c,team,,voice,ended,'=1\+1,'=1\+1,'=1\+1 bob,2025-06-15T12:00:00.000Z,.*,60,completed,32000,0.5,4$/);
  assert.deepEqual(rest, []);
});

test('a line that does not read is named, and what stood before it stays', async (t) => {
  const folder = await folderOf(t);
  const { url, file } = await databaseOf(folder, [team]);
  await appendFile(file, '{"kind":"call","call":{}}\n');
  const failed = await runToEnd(['import', file, '--database', url]);
  assert.equal(failed.code, 1);
  assert.match(failed.output, /line 3: missing field/);
  await writeFile(file, '{"hello":1}\n');
  assert.equal((await runToEnd(['import', file, '--database', url])).code, 1);
});

test('purge deletes what ended long ago and nothing else', async (t) => {
  const old = sevenCalls(Date.now() - 100 * DAY_MS);
  const recent = endedCall({ id: 'recent', chat: 'team', caller: 'alice', callee: 'bob', at: Date.now() - 80 * DAY_MS });
  const { url } = await databaseOf(await folderOf(t), [...old, recent]);
  assert.match(await task('purge', '--older-than', '90d', '--database', url), /^7 calls were deleted/);
  assert.match(await task('purge', '--older-than', '90d', '--database', url), /^0 calls were deleted/);
  assert.match(await task('export', '--database', url), /"recent"/);
  assert.equal((await runToEnd(['purge', '--older-than', 'soon', '--database', url])).code, 2);
});

test('a task on a database that is not there makes none', async (t) => {
  const folder = await folderOf(t);
  for (const args of [['export'], ['purge', '--older-than', '90d'], ['erase-user', 'alice'], ['export-user', 'alice']]) {
    const failed = await runToEnd([...args, '--database', `sqlite://${folder}/typo.db`]);
    assert.equal(failed.code, 2, failed.output);
    assert.match(failed.output, /there is no file/);
  }
  assert.ok(!existsSync(join(folder, 'typo.db')));
});

test('one person is exported, then erased, by the tasks', async (t) => {
  const { url } = await databaseOf(await folderOf(t), [team, ...sevenCalls()]);
  const lines = (await task('export-user', 'alice', '--database', url)).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines[0], { kind: 'user', id: 'alice', chats: [{ id: 'team', name: 'Team' }] });
  assert.equal(lines.filter(({ kind }) => kind === 'call').length, 7);
  assert.match(await task('erase-user', 'alice', '--database', url), /erased from 7 calls and 1 chats/);
  assert.doesNotMatch(await task('export', '--database', url), /alice/i);
});

test('one person is exported beside a running server, with the call that goes on', async (t) => {
  const server = await TestServer.start();
  t.after(() => server.stop());
  const { ids, bob, call } = await ring(t, server, ['ann', 'bob']);
  const database = `sqlite://${join(server.folder, 'ringback.sqlite')}`;
  const statuses = async () => {
    const lines = (await task('export-user', ids.ann, '--database', database)).trim().split('\n').map((line) => JSON.parse(line));
    return lines.filter(({ kind }) => kind === 'call').map(({ call: { status } }) => status);
  };
  assert.deepEqual(await statuses(), ['ringing']);
  await bob.ask('call:accept', call);
  assert.deepEqual(await statuses(), ['ongoing']);
  await bob.ask('call:end', call);
  assert.deepEqual(await statuses(), ['ended']);
});

test('a server that keeps calls for a time deletes the older ones by itself', async (t) => {
  const folder = await folderOf(t);
  const recent = endedCall({ id: 'recent', chat: 'team', caller: 'alice', callee: 'bob', at: Date.now() - DAY_MS });
  const { url } = await databaseOf(folder, [...sevenCalls(), recent]);
  const server = await TestServer.start({ database: url, args: ['--retain-calls', '30d'] });
  t.after(() => server.stop());
  await server.logged(/deleted calls that were to be kept no longer/);
  const { body } = await server.as('bob', '/api/calls');
  assert.deepEqual(body.data.calls.map(({ id }) => id), ['recent']);
});

test('pages by cursor neither miss nor repeat a call while others come in', async (t) => {
  const { url, file } = await databaseOf(await folderOf(t), sevenCalls());
  const server = await TestServer.start({ database: url });
  t.after(() => server.stop());
  const page = async (query) => (await server.as('bob', `/api/calls?${query}`)).body.data;
  const all = (await page('limit=100')).calls.map(({ id }) => id);
  assert.equal(all.length, 7);
  const seen = [];
  let { calls, pagination } = await page('limit=3');
  for (let round = 0; ; round += 1) {
    seen.push(...calls.map(({ id }) => id));
    assert.equal(pagination.hasMore, pagination.nextCursor !== undefined);
    if (!pagination.nextCursor) break;
    // Another one comes in at the top; what is below does not move.
    await writeArchive(file, [endedCall({ id: `new-${round}`, chat: 'team', caller: 'alice', callee: 'bob', at: START + DAY_MS })]);
    await task('import', file, '--database', url);
    ({ calls, pagination } = await page(`limit=3&cursor=${encodeURIComponent(pagination.nextCursor)}`));
  }
  assert.deepEqual(seen, all);
  for (const bad of ['cursor=x', 'cursor=', 'cursor=123', 'cursor=-1:a']) {
    const refused = await server.as('bob', `/api/calls?${bad}`);
    assert.equal(refused.status, 400, bad);
    assert.equal(refused.body.code, 'INVALID_PAYLOAD');
  }
});

test('the backend reads what is stored of a person page by page, and has them erased', async (t) => {
  const { url } = await databaseOf(await folderOf(t), [team, ...sevenCalls()]);
  const server = await TestServer.start({ database: url });
  t.after(() => server.stop());
  const path = '/api/users/alice/data';
  const token = await serviceToken();
  assert.equal((await server.as('alice', path)).status, 403);
  assert.equal((await server.api(path, { method: 'DELETE' })).status, 401);
  const first = (await server.api(`${path}?limit=5`, { token })).body.data;
  assert.deepEqual(first.chats, [{ id: 'team', name: 'Team' }]);
  const second = (await server.api(`${path}?limit=5&cursor=${encodeURIComponent(first.nextCursor)}`, { token })).body.data;
  assert.equal(second.nextCursor, undefined);
  const calls = [...first.calls, ...second.calls].map(({ call }) => call.id);
  assert.equal(new Set(calls).size, 7);
  assert.equal((await server.as('bob', '/api/calls')).body.data.pagination.total, 7);

  const erased = await server.api(path, { method: 'DELETE', token });
  assert.deepEqual(erased.body, { success: true, data: { calls: 7, chats: 1, live: 0 } });
  const again = await server.api(path, { method: 'DELETE', token });
  assert.deepEqual(again.body.data, { calls: 0, chats: 0, live: 0 });
  assert.deepEqual((await server.api(path, { token })).body.data, { userId: 'alice', chats: [], calls: [] });
  const of = await server.as('bob', '/api/calls');
  assert.equal(of.body.data.pagination.total, 7);
  assert.doesNotMatch(of.text, /alice/i);
  assert.equal((await server.api('/api/chats/team', { token })).body.data.participants.length, 1);
});
