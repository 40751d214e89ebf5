// The databases and the Redis that tests run against: real servers, on free loopback ports, for one run.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';

import { installDebian } from './debian.mjs';
import { which } from './paths.mjs';
import { freePort } from './ports.mjs';
import { Stop, capture, step } from './run.mjs';

const READY_WITHIN_MS = 30_000;

/**
 * Starts PostgreSQL, installing it where that is possible.
 * @returns {Promise<{ uri: string, stop: () => Promise<void>, halt: () => Promise<void>, resume: () => Promise<void> }>}
 *   its URI; `stop` removes it, `halt` and `resume` take it away for a while with its data kept
 */
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
  const isReady = () => capture(join(tools, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
  // "Fast shutdown": sessions are cut off, nothing is waited for.
  const server = background(() => spawn(join(tools, 'postgres'), ['-D', join(folder, 'data'), ...flags], { ...owner, cwd: folder, stdio: 'ignore' }), {
    name: 'PostgreSQL', isReady, stopWith: 'SIGINT', killWith: 'SIGQUIT',
  });
  return { uri: `postgres://ringback@127.0.0.1:${port}/postgres`, ...(await runIn(folder, server)) };
}

/**
 * Starts Redis, installing it where that is possible.
 * @returns {Promise<{ url: string, stop: () => Promise<void>, halt: () => Promise<void>, resume: () => Promise<void>, pid: () => number }>}
 *   as {@link startPostgres}; what it held is gone after a `halt`
 */
export async function startRedis() {
  await step('Redis for the tests of several nodes', () => installDebian({ redis: which('redis-server') ? null : 'redis-server' }));
  if (!which('redis-server')) throw new Stop('Redis was not found: install redis-server.');
  const folder = await mkdtemp(join(tmpdir(), 'ringback-redis-'));
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const isReady = () => capture('redis-cli', ['-p', String(port), 'ping']);
  const server = background(() => spawn('redis-server', flags, { cwd: folder, stdio: 'ignore' }), { name: 'Redis', isReady, stopWith: 'SIGTERM', killWith: 'SIGKILL' });
  return { url: `redis://127.0.0.1:${port}`, ...(await runIn(folder, server)) };
}

/** A server process that can be taken away and brought back. */
function background(launch, { name, isReady, stopWith, killWith }) {
  let child = null;
  process.once('exit', () => child?.kill(killWith));
  return {
    pid: () => child.pid,
    async resume() {
      child = launch();
      await untilReady(name, isReady);
    },
    async halt() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
      child.kill(stopWith);
      await ended;
    },
  };
}

/** Starts a server whose files are in a folder, which goes with it. */
async function runIn(folder, server) {
  const stop = async () => {
    await server.halt();
    await rm(folder, { recursive: true, force: true });
  };
  await server.resume().catch(async (error) => {
    await stop();
    throw error;
  });
  return { ...server, stop };
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

async function untilReady(name, isReady) {
  const until = Date.now() + READY_WITHIN_MS;
  while ((await isReady()).code !== 0) {
    if (Date.now() > until) throw new Stop(`${name} did not start.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
