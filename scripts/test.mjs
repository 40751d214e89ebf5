// `npm test`: every check and test, cheapest first, with one summary.
//
//   npm test                 everything
//   npm test -- rust wasm    only these parts, in the order below
import { join } from 'node:path';

import { buildSdk, buildServer } from './build.mjs';
import { startPostgres } from './lib/databases.mjs';
import { installProxies } from './lib/proxies.mjs';
import { installSchemathesis } from './lib/schemathesis.mjs';
import { countCargo, countNode } from './lib/count.mjs';
import { installPackages } from './lib/packages.mjs';
import { root, serverBinary } from './lib/paths.mjs';
import { capture, main, seconds, Stop } from './lib/run.mjs';
import { setupBrowsers, setupBuild } from './setup.mjs';
import { testFiles } from './lib/files.mjs';
import { fewConnections } from './lib/wasm-tests.mjs';

const WASM = 'wasm32-unknown-unknown';
const cargoTest = (...args) => ({ command: 'cargo', args: ['test', ...args], count: countCargo });
const nodeTest = (folder, ...flags) => ({
  command: process.execPath,
  args: ['--test', '--test-reporter=spec', ...flags, ...testFiles(join(root, folder))],
  count: countNode,
});
/** Every test build of the server has all features, so that there is one build. */
const EVERYTHING = ['--features', 'ringback-server/full'];
const check = (command, ...args) => ({ command, args, count: null });
// The test runner takes the first driver that it finds in the environment: it is shown only one.
const wasmTest = (otherDriver) => ({
  ...cargoTest('-p', 'ringback-sdk', '--target', WASM),
  env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: 'wasm-bindgen-test-runner', WASM_BINDGEN_TEST_TIMEOUT: '120', [otherDriver]: undefined },
});

/** What each part needs to be there, and what it runs. */
const PARTS = {
  lint: {
    runs: () => [
      check('cargo', 'fmt', '--all', '--check'),
      check('cargo', 'clippy', '--workspace', '--all-targets', ...EVERYTHING, '--quiet', '--', '-D', 'warnings'),
      // What `npm start` builds: the server with the default features.
      check('cargo', 'check', '-p', 'ringback-server', '--all-targets', '--quiet'),
      check('cargo', 'clippy', '-p', 'ringback-sdk', '--all-targets', '--target', WASM, '--quiet', '--', '-D', 'warnings'),
      check('cargo', 'clippy', '-p', 'ringback-protocol', '--all-targets', '--features', 'ts,schema', '--quiet', '--', '-D', 'warnings'),
    ],
  },
  rust: { needs: ['databases', 'mongodb'], runs: () => [cargoTest('--workspace', '--exclude', 'ringback-sim', ...EVERYTHING)] },
  sim: { runs: () => [cargoTest('--profile', 'sim', '-p', 'ringback-sim')] },
  protocol: {
    runs: () => [cargoTest('-p', 'ringback-protocol', '--features', 'ts,schema', '--test', 'typescript', '--test', 'asyncapi'), nodeTest('tests/protocol')],
  },
  wasm: {
    needs: ['browsers', 'fewConnections'],
    runs: () => [wasmTest('GECKODRIVER'), wasmTest('CHROMEDRIVER')],
  },
  server: {
    needs: ['server'],
    runs: () => [nodeTest('tests/server', '--test-concurrency=2'), nodeTest('tests/conformance'), nodeTest('tests/hostile', '--test-concurrency=1')],
  },
  cluster: { needs: ['server', 'mongodb'], runs: () => [nodeTest('tests/cluster', '--test-concurrency=1')] },
  contract: { needs: ['server', 'schemathesis'], runs: () => [nodeTest('tests/contract')] },
  deploy: { needs: ['browsers', 'sdk', 'server', 'proxies'], runs: () => [nodeTest('tests/deploy', '--test-concurrency=1')] },
  turn: { needs: ['browsers', 'server'], runs: () => [nodeTest('tests/turn')] },
  docs: { needs: ['sdk'], runs: () => [nodeTest('tests/docs'), nodeTest('tests/bench'), nodeTest('tests/www')] },
  package: { needs: ['browsers', 'sdk'], runs: () => [nodeTest('tests/package', '--test-concurrency=1')] },
  react: { needs: ['browsers', 'sdk', 'server'], runs: () => [nodeTest('tests/react', '--test-concurrency=1')] },
  examples: { needs: ['browsers', 'sdk', 'server', 'examples'], runs: () => [nodeTest('tests/examples', '--test-concurrency=1')] },
  e2e: { needs: ['browsers', 'sdk', 'server'], runs: () => [nodeTest('tests/e2e', '--test-concurrency=1')] },
};

const NEEDS = {
  browsers: setupBrowsers,
  databases: async () => {
    if (process.env.POSTGRES_TEST_URI) return;
    const postgres = await startPostgres();
    process.env.POSTGRES_TEST_URI = postgres.uri;
    atTheEnd.push(postgres.stop);
  },
  fewConnections: async () => {
    const { file, stop } = await fewConnections();
    process.env.WASM_BINDGEN_TEST_WEBDRIVER_JSON = file;
    atTheEnd.push(stop);
  },
  // It comes in no package that could be installed for the tests.
  mongodb: async () => {
    if (!process.env.MONGODB_TEST_URI) notRun.push('the tests of MongoDB, as a store and as one that nodes share: MONGODB_TEST_URI names no server (CONTRIBUTING.md)');
  },
  examples: async () => {
    for (const name of ['chat-app', 'react']) await installPackages(join(root, 'examples', name), `npm packages of examples/${name}`);
  },
  proxies: installProxies,
  schemathesis: installSchemathesis,
  sdk: buildSdk,
  server: async () => {
    await buildServer('debug');
    process.env.RINGBACK_SERVER ??= serverBinary('debug');
  },
};

/** What did not run, and why: told at the end, so that it is not taken for green. */
const notRun = [];

/** What was started for the tests and has to be stopped. */
const atTheEnd = [];

await main(async () => {
  const names = namesGiven();
  await setupBuild();
  const results = [];
  const met = new Map();
  try {
    for (const name of names) results.push(await runPart(name, met));
  } finally {
    for (const stop of atTheEnd) await stop();
  }
  report(results);
});

function namesGiven() {
  const given = process.argv.slice(2);
  const unknown = given.filter((name) => !(name in PARTS));
  if (unknown.length > 0) throw new Stop(`There is no part ${unknown.join(', ')}: ${Object.keys(PARTS).join(', ')}`);
  return Object.keys(PARTS).filter((name) => given.length === 0 || given.includes(name));
}

async function runPart(name, met) {
  console.log(`\n━━ ${name}`);
  const started = Date.now();
  const result = { name, passed: 0, failed: 0, skipped: 0, problems: [] };
  try {
    for (const need of PARTS[name].needs ?? []) await once(met, need);
    for (const run of PARTS[name].runs()) await runOne(run, result);
  } catch (error) {
    result.problems.push(error.message);
  }
  return { ...result, took: Date.now() - started };
}

/** Meets a need at most once; what failed before fails again. */
function once(met, need) {
  if (!met.has(need)) met.set(need, NEEDS[need]());
  return met.get(need);
}

async function runOne({ command, args, count, env }, result) {
  const shown = [command === process.execPath ? 'node' : command, ...args.map((arg) => arg.replace(`${root}`, ''))].join(' ');
  console.log(`$ ${shown.length > 160 ? `${shown.slice(0, 160)}…` : shown}`);
  const { code, output } = await capture(command, args, { env, show: true });
  const counted = count?.(output) ?? { passed: 0, failed: 0, skipped: 0 };
  for (const figure of ['passed', 'failed', 'skipped']) result[figure] += counted[figure];
  if (code !== 0) result.problems.push(`\`${shown}\` ended with ${code}`);
  else if (count && counted.passed === 0) result.problems.push(`\`${shown}\` ran no test`);
}

function report(results) {
  console.log('\n━━ summary');
  for (const { name, passed, failed, skipped, problems, took } of results) {
    const verdict = problems.length === 0 ? 'ok' : 'FAILED';
    const figures = passed + failed === 0 ? (name === 'lint' ? 'checks' : 'no test ran') : `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
    console.log(`${name.padEnd(10)} ${verdict.padEnd(7)} ${figures.padEnd(26)} ${seconds(took)}`);
    for (const problem of problems) console.log(`           ${problem}`);
  }
  for (const what of notRun) console.log(`NOT RUN    ${what}`);
  const total = (pick) => results.reduce((sum, result) => sum + pick(result), 0);
  // A part that broke without a failed test counts as one failure: the closing line must not look green.
  const failed = total((result) => result.failed || (result.problems.length > 0 ? 1 : 0));
  console.log(`\n${total((result) => result.passed)} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
