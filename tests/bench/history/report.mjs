// The figures of a large database as a part of BENCHMARKS.md.
import { HISTORY } from '../parts.mjs';

const TARGETS = { history: 10, statistics: 50 };
const target = (question) => `at most ${TARGETS[question.split(',')[0].split(' ')[0]]}`;

/**
 * @param {{ databases: { name: string, importSeconds: number, times: Record<string, { p50: number, p99: number }> }[] }} measured
 */
export function historyMarkdown({ databases, calls, own, rounds, page, hardware }) {
  const columns = databases.flatMap(({ name }) => [`${name}, p50`, `p99`]);
  const rows = Object.keys(databases[0].times).map((question) => {
    const figures = databases.flatMap(({ times }) => [times[question].p50, times[question].p99].map((ms) => ms.toFixed(1)));
    return `| ${[question, ...figures, target(question)].join(' | ')} |`;
  });
  const imports = databases.map(({ name, importSeconds }) => `${importSeconds.toFixed(0)} s into ${name}`).join(', ');
  return `${HISTORY}

Written by \`npm run bench:history -- --write\` on ${new Date().toISOString().slice(0, 10)}. Machine: ${hardware}; whoever asked ran on it too.

| ms | ${columns.join(' | ')} | target for p99 |
| --- |${' --- |'.repeat(columns.length + 1)}
${rows.join('\n')}

${count(calls)} stored calls, ${count(own)} of them of the person who asks, spread over a year; over REST, one request after the other, ${count(rounds)} of each, pages of ${page}. A page has the same target at any depth. What is released (\`--profile dist --features full,jemalloc\`). \`ringback-server import\` took ${imports}.
`;
}

const count = (number) => number.toLocaleString('en-US');
