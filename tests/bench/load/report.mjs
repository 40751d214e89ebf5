// The figures of the load measurements as a part of BENCHMARKS.md.
import { LOAD } from '../parts.mjs';
import { median } from '../stats.mjs';
import { NODE, RINGBACK } from './contender.mjs';

const rows = (results) => [
  ['CPU per candidate of a burst, µs', (kind) => median(results[kind].bursts.map((run) => run.microseconds)), 1, 'at most 0.30'],
  ['CPU per candidate alone, µs', (kind) => median(results[kind].relay.map((run) => run.microseconds)), 1],
  ['candidate on its way, p50 ms', (kind) => median(results[kind].relay.map((run) => run.p50)), 2],
  ['candidate on its way, p99 ms', (kind) => median(results[kind].relay.map((run) => run.p99)), 2],
  ['whole calls per CPU second', (kind) => median(results[kind].lifecycles.map((run) => run.perCpuSecond)), 0, 'at least 4'],
  ['whole call, p50 ms', (kind) => median(results[kind].lifecycles.map((run) => run.p50)), 1],
  ['whole call, p99 ms', (kind) => median(results[kind].lifecycles.map((run) => run.p99)), 1],
  ['memory per idle socket, KiB', (kind) => median(results[kind].idle.map((run) => run.kib)), 1, 'at most 20 KiB and 0.4'],
  ['CPU per sign-in, ms', (kind) => median(results[kind].idle.map((run) => run.signInMs)), 3],
];

/** Writes the part; `hardware` says on what it was measured. */
export function loadMarkdown({ results, hardware, options, relay, lifecycles }) {
  const table = rows(results).map(([what, value, digits, target = '']) => {
    const [ours, theirs] = [RINGBACK, NODE].map((kind) => (results[kind].idle.length > 0 ? value(kind) : NaN));
    return `| ${what} | ${ours.toFixed(digits)} | ${theirs.toFixed(digits)} | ${(ours / theirs).toFixed(2)}x | ${target} |`;
  });
  const restart = results.restart.length === 0 ? '' : restarted(results.restart);
  return `${LOAD}

Written by \`npm run bench:load -- --write\` on ${new Date().toISOString().slice(0, 10)}. Machine: ${hardware}; the load generator ran on it too.

|   | Ringback | Node | of Node | target |
| --- | --- | --- | --- | --- |
${table.join('\n')}

Medians of ${options.rounds} rounds, in which the two take turns, each time with a fresh process and an empty database. CPU is the time of the server's process, user and system. What else the machine and its neighbours do moves it less than latencies, through the caches that all share: on one kind of machine, by another hour, both servers took up to 1.9 times as much for a whole call, and the ratio of three such measurements was anything from 3.4 to 4.3. Hence ${lifecycles.times} of them a round.

- **Ringback**: \`ringback-server\`, what is released (\`--profile dist --features full,jemalloc\`), SQLite.
- **Node**: \`tests/bench/baseline.mjs\`: socket.io 4.8 with its default \`ws\`, jsonwebtoken, better-sqlite3 with the same journal mode. It verifies tokens, checks membership, limits rates and sizes, and stores each transition before it acks it, as Ringback does; it has no devices, snapshots, timeline or recovery.
- **Candidates**: ${relay.pairs} calls, in which both sides send ${relay.messages} candidates at ${relay.rate} a second: ${relay.burst} at once, as browsers find them, or one by one. Of a candidate alone, most of the cost is the kernel's, to receive one small segment and send another, and the same for both.
- **Whole calls**: ${lifecycles.times} times a round, ${lifecycles.pairs} pairs, each of which places ${lifecycles.calls} calls, the next as soon as the last is over (at most ${lifecycles.rate} a second, which no pair reaches). Ours is not busy all the time then: it waits for its database between the steps of a call. A call: initiate, accept, offer, answer, 20 candidates, end.
- **Idle**: ${options.sockets} sockets that signed in over WebSocket; growth of the resident memory 12 s later.
${restart}`;
}

function restarted(runs) {
  const [run] = runs;
  const seconds = median(runs.map((one) => one.seconds));
  const lost = runs.reduce((sum, one) => sum + one.sockets - one.back, 0);
  return `
### After a restart

The server is killed under ${run.sockets} sockets that are all in calls, and started again. The last of them was signed in and back in its call ${seconds.toFixed(1)} s after the server listened (median of ${runs.length}; half of them after ${median(runs.map((one) => one.median)).toFixed(1)} s); ${lost} were lost. Each tries again every 0.1 to 0.4 s, which is more of a herd than the stock client makes. Target: 5 s, none lost.
`;
}
