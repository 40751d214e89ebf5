// How quick history and statistics are in a large database: seeds it by import, and asks over REST.
//
//   node tests/bench/history.mjs --binary target/release/ringback-server \
//     [--calls 1000000] [--rounds 300] [--database postgres://...] [--folder /var/tmp/x]
//     [--seeded: the database is filled already]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { endedCall, writeArchive } from '../helpers/archive.mjs';
import { freePort } from '../helpers/server.mjs';
import { JWT_SECRET, userToken } from '../helpers/tokens.mjs';
import { quantile } from './stats.mjs';

const { values: options } = parseArgs({
  options: {
    binary: { type: 'string' },
    calls: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '300' },
    database: { type: 'string' },
    folder: { type: 'string' },
    seeded: { type: 'boolean', default: false },
  },
});
if (!options.binary) throw new Error('give --binary, a release build of ringback-server');
const CALLS = Number(options.calls);
const ROUNDS = Number(options.rounds);
/** One person has this many calls; the others share the rest. */
const HEAVY_CALLS = Math.min(10_000, CALLS);
const OTHERS = 20_000;
const SPAN_MS = 365 * 86_400_000;
const PAGE = 50;

const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ringback-history-')));
const database = options.database ?? `sqlite://${join(folder, 'calls.db')}`;

/** Every hundredth call is one of the heavy user's, spread over a year and over forty chats. */
function* calls(now) {
  const every = Math.floor(CALLS / HEAVY_CALLS);
  for (let n = 0; n < CALLS; n += 1) {
    const heavy = n % every === 0;
    const [one, other] = [n % OTHERS, (n * 7919 + 1) % OTHERS].map((index) => `user-${index}`);
    const at = now - SPAN_MS + Math.floor((n / CALLS) * SPAN_MS);
    const people = heavy ? (n % 2 ? ['heavy', one] : [one, 'heavy']) : [one, other === one ? 'user-x' : other];
    yield endedCall({
      id: `${at.toString(16).padStart(12, '0')}-${n.toString(16).padStart(8, '0')}`,
      chat: `chat-${heavy ? (n / every) % 40 : n % 5000}`,
      caller: people[0],
      callee: people[1],
      at,
      seconds: 20 + (n % 600),
      callType: n % 5 === 0 ? 'video' : 'voice',
    });
  }
}

async function runTask(...args) {
  const child = spawn(options.binary, [...args, '--database', database], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
}

async function seed() {
  const file = join(folder, 'calls.ndjson');
  if (!existsSync(file)) await writeArchive(file, calls(Date.now()));
  const began = Date.now();
  await runTask('import', file);
  console.log(`imported in ${((Date.now() - began) / 1000).toFixed(0)} s`);
}

async function serve() {
  const port = await freePort();
  const child = spawn(options.binary, ['--listen', `127.0.0.1:${port}`, '--database', database], {
    env: { PATH: process.env.PATH, JWT_SECRET },
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: folder,
  });
  for await (const chunk of child.stdout) if (String(chunk).includes('listens')) break;
  return { url: `http://127.0.0.1:${port}`, child };
}

/** Asks again and again, one request at a time, and returns the times in ms. */
async function timed(url, token, paths) {
  const times = [];
  for (let round = 0; round < ROUNDS + 20; round += 1) {
    const path = paths[round % paths.length];
    const began = performance.now();
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' } });
    const body = await response.json();
    if (!body.success) throw new Error(`${path}: ${JSON.stringify(body)}`);
    // The first ones warm connections and caches up.
    if (round >= 20) times.push(performance.now() - began);
  }
  return times;
}

/** Walks to that depth by cursor and returns the cursor there. */
async function cursorAt(url, token, depth) {
  let cursor = null;
  for (let seen = 0; seen < depth; seen += 100) {
    const response = await fetch(`${url}/api/calls?limit=100${cursor ? `&cursor=${cursor}` : ''}`, { headers: { authorization: `Bearer ${token}` } });
    cursor = (await response.json()).data.pagination.nextCursor;
  }
  return cursor;
}

if (!options.seeded) await seed();
const { url, child } = await serve();
try {
  const token = await userToken('heavy');
  const total = (await (await fetch(`${url}/api/calls?limit=1`, { headers: { authorization: `Bearer ${token}` } })).json()).data.pagination.total;
  const deep = HEAVY_CALLS - 200;
  const [middle, end] = [await cursorAt(url, token, deep / 2), await cursorAt(url, token, deep)];
  const questions = {
    'history, first page': [`/api/calls?limit=${PAGE}`],
    'history, middle by cursor': [`/api/calls?limit=${PAGE}&cursor=${middle}`],
    'history, last pages by cursor': [`/api/calls?limit=${PAGE}&cursor=${end}`],
    'history, last pages by offset': [`/api/calls?limit=${PAGE}&offset=${deep}`],
    'history of one chat, ended calls': [`/api/calls?limit=${PAGE}&chatId=chat-7&status=ended`],
    'statistics, 30 days': ['/api/calls/stats'],
    'statistics, a year': ['/api/calls/stats?timeframe=1y'],
    'statistics, all': ['/api/calls/stats?timeframe=all'],
  };
  console.log(`${CALLS} calls, ${total} of them of the asker, ${database.split(':')[0]}, pages of ${PAGE}, ${ROUNDS} requests each`);
  console.log('| | p50 ms | p99 ms |\n|---|---|---|');
  for (const [name, paths] of Object.entries(questions)) {
    const times = await timed(url, token, paths);
    console.log(`| ${name} | ${quantile(times, 0.5).toFixed(1)} | ${quantile(times, 0.99).toFixed(1)} |`);
  }
} finally {
  child.kill('SIGTERM');
  await once(child, 'exit');
  if (!options.folder) await rm(folder, { recursive: true, force: true });
}
