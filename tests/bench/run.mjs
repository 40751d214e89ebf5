/**
 * `npm run bench`: what the README claims, measured.
 *
 * Options: --rounds N (30), --ring MS (600), --only NAME (repeatable; the floor is always there),
 * --binary PATH, --json PATH, --write (rewrite BENCHMARKS.md).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBrowser } from './browser.mjs';
import { measureInit } from './init-time.mjs';
import { machine } from './machine.mjs';
import { HISTORY, LOAD, partOf, withPart } from './parts.mjs';
import { figures, markdown, summary } from './report.mjs';
import { root } from './serve.mjs';
import { CONTENDERS, FLOOR, measureSetup } from './setup-time.mjs';
import { measureSizes } from './sizes.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    ring: { type: 'string', default: '600' },
    only: { type: 'string', multiple: true, default: [] },
    binary: { type: 'string', default: join(root, 'target', 'release', 'ringback-server') },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const names = options.only.length === 0
  ? CONTENDERS
  : CONTENDERS.filter((name) => name === FLOOR || options.only.includes(name));
if (options.write && names.length < CONTENDERS.length) throw new Error('--write needs all contenders, so not --only');
const progress = (round, rounds) => {
  const text = round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`;
  if (process.stderr.isTTY) process.stderr.write(`\r${text}   `);
};

const started = new Date();
const { browser, close } = await startBrowser();
try {
  const setup = await measureSetup(browser, {
    names,
    rounds: Number(options.rounds),
    ringMs: Number(options.ring),
    binary: options.binary,
    progress,
  });
  const ours = names.some((name) => name.startsWith('Ringback'));
  const result = {
    date: started.toISOString(),
    rounds: Number(options.rounds),
    ringMs: Number(options.ring),
    machine: await machine(browser, started),
    setup: Object.fromEntries(setup),
    init: ours ? await measureInit(browser, 15) : null,
    sizes: ours ? await measureSizes() : null,
  };
  console.log(`\n${summary(result)}`);
  if (options.json) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
  if (options.write) await writeDocuments(result);
} finally {
  await close();
}

async function writeDocuments(result) {
  const page = join(root, 'BENCHMARKS.md');
  // Measured by other commands.
  const former = await readFile(page, 'utf8');
  const others = [LOAD, HISTORY].map((heading) => partOf(former, heading)).filter(Boolean);
  await writeFile(page, others.reduce(withPart, markdown(result)));
  const path = join(root, 'README.md');
  const readme = await readFile(path, 'utf8');
  const between = /(<!-- figures: written by npm run bench -->\n)[^]*?(<!-- end of figures -->)/;
  if (!between.test(readme)) throw new Error('README.md has lost the place of its figures');
  await writeFile(path, readme.replace(between, (_, start, end) => `${start}\n${figures(result)}\n${end}`));
}
