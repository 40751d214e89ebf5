/**
 * `npm run bench:history`: how quick history and statistics are in a large database.
 *
 * Options: --calls N (1000000), --rounds N (1000), --binary PATH, --json PATH,
 * --database URL (that one alone, else SQLite and PostgreSQL), --write (rewrite that part of BENCHMARKS.md).
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startPostgres } from '../../scripts/lib/databases.mjs';
import { userToken } from '../helpers/tokens.mjs';
import { ASKER, callsOfAsker, fill, withServer } from './history/database.mjs';
import { historyMarkdown } from './history/report.mjs';
import { hardware } from './machine.mjs';
import { withPart } from './parts.mjs';
import { root } from './serve.mjs';
import { quantile } from './stats.mjs';

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '1000' },
    binary: { type: 'string', default: join(root, 'target', 'dist', 'ringback-server') },
    json: { type: 'string' },
    database: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const CALLS = Number(options.calls);
const ROUNDS = Number(options.rounds);
const PAGE = 50;
/** The first requests open connections and fill caches. */
const WARM_UP = 50;

const asks = (token) => async (address) => {
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' } });
  const body = await response.json();
  if (!body.success) throw new Error(`${address}: ${JSON.stringify(body)}`);
  return body.data;
};

/** Walks to that depth and returns the cursor there. */
async function cursorAt(ask, url, depth) {
  let cursor = null;
  for (let seen = 0; seen < depth; seen += 100) {
    cursor = (await ask(`${url}/api/calls?limit=100${cursor ? `&cursor=${cursor}` : ''}`)).pagination.nextCursor;
  }
  return cursor;
}

async function questions(ask, url) {
  const { total } = (await ask(`${url}/api/calls?limit=1`)).pagination;
  if (total !== callsOfAsker(CALLS)) throw new Error(`the asker has ${total} calls`);
  const deep = Math.max(0, total - 200);
  const [middle, end] = [await cursorAt(ask, url, deep / 2), await cursorAt(ask, url, deep)];
  return {
    'history, first page': `/api/calls?limit=${PAGE}`,
    'history, middle by cursor': `/api/calls?limit=${PAGE}&cursor=${middle}`,
    'history, last pages by cursor': `/api/calls?limit=${PAGE}&cursor=${end}`,
    'history, last pages by offset': `/api/calls?limit=${PAGE}&offset=${deep}`,
    'history of one chat, ended calls': `/api/calls?limit=${PAGE}&chatId=chat-7&status=ended`,
    'statistics, 30 days': '/api/calls/stats',
    'statistics, a year': '/api/calls/stats?timeframe=1y',
    'statistics, all': '/api/calls/stats?timeframe=all',
  };
}

/** Asks the same again and again, one request at a time. */
async function timed(ask, address) {
  const times = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
    const began = performance.now();
    await ask(address);
    if (round >= WARM_UP) times.push(performance.now() - began);
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

async function measure(name, folder, database) {
  const place = { binary: options.binary, folder, database };
  const importSeconds = await fill({ ...place, count: CALLS });
  console.error(`${name}: ${CALLS} calls imported in ${importSeconds.toFixed(0)} s`);
  return withServer(place, async (url) => {
    const ask = asks(await userToken(ASKER));
    const times = {};
    for (const [question, path] of Object.entries(await questions(ask, url))) {
      times[question] = await timed(ask, url + path);
      console.error(`${name}: ${question}: ${JSON.stringify(times[question])}`);
    }
    return { name, importSeconds, times };
  });
}

const folder = await mkdtemp(join(tmpdir(), 'ringback-history-'));
const databases = [];
try {
  if (options.database) {
    databases.push(await measure('the database', folder, options.database));
  } else {
    databases.push(await measure('SQLite', folder, `sqlite://${join(folder, 'calls.db')}`));
    const postgres = await startPostgres();
    databases.push(await measure('PostgreSQL', folder, postgres.uri).finally(() => postgres.stop()));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const part = historyMarkdown({ databases, calls: CALLS, own: callsOfAsker(CALLS), rounds: ROUNDS, page: PAGE, hardware: hardware() });
console.log(`\n${part}`);
if (options.json) await writeFile(options.json, `${JSON.stringify(databases, null, 2)}\n`);
if (options.write) {
  const page = join(root, 'BENCHMARKS.md');
  await writeFile(page, withPart(await readFile(page, 'utf8'), part));
}
