/**
 * `npm run bench:load`: what calls cost the server, beside a Node server that does the same job.
 *
 * Options: --rounds N (3), --sockets N (5000), --only ringback|node, --binary PATH, --json PATH,
 * --write (rewrite the load part of BENCHMARKS.md).
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Contender, NODE, RINGBACK } from './load/contender.mjs';
import { Generator } from './load/generator.mjs';
import { loadMarkdown } from './load/report.mjs';
import { hardware } from './machine.mjs';
import { withPart } from './parts.mjs';
import { root } from './serve.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    sockets: { type: 'string', default: '5000' },
    only: { type: 'string' },
    binary: { type: 'string', default: join(root, 'target', 'dist', 'ringback-server') },
    generator: { type: 'string', default: join(root, 'tests', 'bench', 'load', 'target', 'release', 'ringback-load') },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

/** Pairs in calls at once, what each of them does, and how often in a second. */
const RELAY = { pairs: 50, messages: 400, rate: 40, burst: 10 };
const LIFECYCLES = { pairs: 200, calls: 20, rate: 60 };
/** Lets timers of the sign-in run out before memory is read. */
const SETTLE_MS = 12_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs one phase on a fresh server and returns what it cost. */
async function phase(kind, chats, body) {
  const contender = await Contender.start(kind, { binary: options.binary, chats });
  const generator = await Generator.start(options.generator, contender);
  try {
    return await body(contender, generator);
  } finally {
    await generator.stop();
    await contender.stop();
  }
}

async function measured(contender, work) {
  const before = await contender.cpuSeconds();
  const report = await work();
  return { ...report, cpu: (await contender.cpuSeconds()) - before };
}

const idle = (kind) => phase(kind, 0, async (contender, generator) => {
  // A first hundred, so that what is allocated once does not count.
  await generator.ask('idle 100');
  await pause(SETTLE_MS);
  const before = await contender.memory();
  const began = await contender.cpuSeconds();
  await generator.ask(`meet ${Number(options.sockets) / 2}`);
  const signIn = (await contender.cpuSeconds()) - began;
  await pause(SETTLE_MS);
  return { kib: ((await contender.memory()) - before) / 1024 / Number(options.sockets), signInMs: (signIn * 1000) / Number(options.sockets) };
});

const relay = (kind, burst) => phase(kind, RELAY.pairs, async (contender, generator) => {
  await generator.ask(`meet ${RELAY.pairs}`);
  await generator.ask('hold');
  const report = await measured(contender, () => generator.ask(`relay ${RELAY.messages} ${RELAY.rate} ${burst}`));
  return { ...report, microseconds: (report.cpu * 1e6) / report.done };
});

const lifecycles = (kind) => phase(kind, LIFECYCLES.pairs, async (contender, generator) => {
  await generator.ask(`meet ${LIFECYCLES.pairs}`);
  const report = await measured(contender, () => generator.ask(`lifecycles ${LIFECYCLES.calls} ${LIFECYCLES.rate}`));
  return { ...report, perCpuSecond: report.done / report.cpu };
});

/** Kills the server under sockets that are all in calls, and waits until they are back in them. */
const restart = () => {
  const pairs = Number(options.sockets) / 2;
  return phase(RINGBACK, pairs, async (contender, generator) => {
    await generator.ask(`meet ${pairs}`);
    await generator.ask('hold');
    const waiting = generator.ask('back');
    const { waiting: count } = await waiting.first;
    await contender.restart();
    const up = Date.now();
    const { at } = await waiting;
    const late = at.map((time) => time - up).sort((a, b) => a - b);
    return { sockets: count, back: late.length, seconds: late.at(-1) / 1000, median: late[Math.floor(late.length / 2)] / 1000 };
  });
};

const kinds = options.only ? [options.only] : [RINGBACK, NODE];
/** How often in a round: what is over in a second sees little of the machine at a time. */
const TIMES = { lifecycles: 5 };
const PHASES = { bursts: (kind) => relay(kind, RELAY.burst), relay: (kind) => relay(kind, 1), lifecycles, idle };
const none = () => Object.fromEntries(Object.keys(PHASES).map((name) => [name, []]));
const results = { [RINGBACK]: none(), [NODE]: none(), restart: [] };
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const [name, run] of Object.entries(PHASES)) {
    for (let time = 0; time < (TIMES[name] ?? 1); time += 1) {
      // They take turns, so that both see the same machine.
      for (const kind of (round + time) % 2 === 0 ? kinds : kinds.toReversed()) {
        const result = await run(kind);
        results[kind][name].push(result);
        console.error(`round ${round + 1}: ${name} of ${kind}: ${JSON.stringify(result)}`);
      }
    }
  }
  if (kinds.includes(RINGBACK)) {
    results.restart.push(await restart());
    console.error(`round ${round + 1}: restart: ${JSON.stringify(results.restart.at(-1))}`);
  }
}
const summary = loadMarkdown({ results, hardware: hardware('socket.io'), options, relay: RELAY, lifecycles: { ...LIFECYCLES, times: TIMES.lifecycles } });
console.log(`\n${summary}`);
if (options.json) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
if (options.write) {
  const page = join(root, 'BENCHMARKS.md');
  await writeFile(page, withPart(await readFile(page, 'utf8'), summary));
}
