// Breaks clients and server on purpose, one way at a time, in a copy, and lets the simulation look
// for it: `node tests/sim/mutations/run.mjs [word...]`, where words pick mutations by name.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

import { mutations } from './list.mjs';

const root = join(import.meta.dirname, '../../..');
// The builds have a place of their own: they must not be taken for those of the product.
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const copy = join(target, 'mutants');
const SEEDS = '300';
/** A mutation may make a race go on for ever. */
const LIMIT_S = '600';
const TIMED_OUT = 124;

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
for (const part of ['Cargo.toml', 'Cargo.lock', 'clippy.toml', 'protocol', 'sdk', 'server', 'tests/sim']) {
  cpSync(join(root, part), join(copy, part), { recursive: true });
}

const words = process.argv.slice(2);
let missed = 0;
const isMeant = ({ name }) => words.length === 0 || words.some((word) => name.includes(word));
for (const mutation of mutations.filter(isMeant)) {
  const verdict = judge(mutation);
  if (verdict.startsWith('MISSED') || verdict.startsWith('STALE')) missed += 1;
  console.log(`| ${mutation.name} | \`${mutation.file}\` | ${verdict} |`);
}
process.exitCode = missed > 0 ? 1 : 0;

function judge({ file, from, to }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(from)) return 'STALE: the text is not there any more';
  writeFileSync(path, source.replace(from, () => to));
  try {
    return look();
  } finally {
    writeFileSync(path, source);
  }
}

function look() {
  const races = cargo('test', '--quiet', '-p', 'ringback-sim', '--test', 'races');
  const result = /(\d+) passed; (\d+) failed/.exec(races.stdout);
  if (races.status === TIMED_OUT) return 'caught: a race does not come to an end';
  if (!result) return `STALE: it does not build: ${/^error.*/m.exec(races.stderr)?.[0]}`;
  const seeds = cargo('run', '--quiet', '-p', 'ringback-sim', '--', '--seeds', SEEDS);
  const played = Number(/^(\d+) seeds: /m.exec(seeds.stdout)?.[1]);
  const broken = [...seeds.stdout.matchAll(/^seed (\d+) breaks: (.*)$/gm)];
  const failed = Number(result[2]);
  if (failed === 0 && broken.length === 0) return `MISSED by all races and ${played} seeds`;
  const first = broken.length > 0 ? `, first: ${broken[0][2].slice(0, 80)}` : '';
  return `caught by ${failed} races, and by ${broken.length} of ${played} seeds${first}`;
}

function cargo(...args) {
  // Quick to build: each mutation is a build.
  const env = { ...process.env, CARGO_TARGET_DIR: join(target, 'mutation-build'), CARGO_PROFILE_DEV_DEBUG: '0', RUST_BACKTRACE: '0' };
  return spawnSync('timeout', [LIMIT_S, 'cargo', ...args], { cwd: copy, encoding: 'utf8', env, maxBuffer: 1 << 28 });
}
