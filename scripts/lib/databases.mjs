// The databases that the store tests run against: real servers, on free loopback ports, for one run.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';

import { installDebian } from './debian.mjs';
import { which } from './paths.mjs';
import { Stop, capture, step } from './run.mjs';

const READY_WITHIN_MS = 30_000;

/** Starts PostgreSQL, installing it where that is possible; returns its URI and how to stop it. */
export async function startPostgres() {
  await step('PostgreSQL for the store tests', () => installDebian({ postgresql: postgresTools() ? null : 'postgresql' }));
  const tools = postgresTools();
  if (!tools) throw new Stop('PostgreSQL was not found: install it, or set POSTGRES_TEST_URI to a server on which databases may be created.');
  const owner = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'ringback-postgres-'));
  if (owner) await chown(folder, owner.uid, owner.gid);
  const port = await freePort();
  await must(join(tools, 'initdb'), ['-D', join(folder, 'data'), '-U', 'ringback', '-A', 'trust', '-E', 'UTF8', '--no-sync'], owner);
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, fsync: 'off', max_connections: 200 };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(tools, 'postgres'), ['-D', join(folder, 'data'), ...flags], { ...owner, cwd: folder, stdio: 'ignore' });
  const stop = async () => {
    const ended = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : null;
    // "Fast shutdown": sessions are cut off, nothing is waited for.
    server.kill('SIGINT');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  process.once('exit', () => server.kill('SIGQUIT'));
  await untilReady(join(tools, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).catch(async (error) => {
    await stop();
    throw error;
  });
  return { uri: `postgres://ringback@127.0.0.1:${port}/postgres`, stop };
}

/** Returns the folder of PostgreSQL's programs: on the PATH, or where Debian keeps them. */
function postgresTools() {
  const debian = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const newestFirst = debian.sort((a, b) => Number(b) - Number(a)).map((version) => join('/usr/lib/postgresql', version, 'bin'));
  const onPath = [which('initdb')].filter(Boolean).map((path) => dirname(path));
  const isComplete = (folder) => ['initdb', 'postgres', 'pg_isready'].every((name) => existsSync(join(folder, name)));
  return [...newestFirst, ...onPath].find(isComplete) ?? null;
}

/** PostgreSQL does not run as root: returns another user to run it as, when this one is root. */
async function unprivileged() {
  if (process.getuid?.() !== 0) return null;
  const { output } = await capture('id', ['postgres']);
  const [, uid, gid] = output.match(/uid=(\d+).*?gid=(\d+)/) ?? [];
  if (!uid) throw new Stop('PostgreSQL does not run as root, and there is no user "postgres" to run it as.');
  return { uid: Number(uid), gid: Number(gid) };
}

async function must(command, args, owner) {
  const child = spawn(command, args, { ...owner, cwd: tmpdir(), stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Stop(`\`${command}\` failed (${code})`);
}

async function untilReady(command, args) {
  const until = Date.now() + READY_WITHIN_MS;
  while ((await capture(command, args)).code !== 0) {
    if (Date.now() > until) throw new Stop('PostgreSQL did not start.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePort() {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
