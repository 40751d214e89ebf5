// Writes sdk/profile.txt: the functions of the module that voice calls of two run, found by running the browser
// tests of such calls against a module that tells. All others go into the second part.
//
//   npm run profile      after changes that moved much; the list may be behind without any harm but to size
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';

import { buildServer } from './build.mjs';
import { root, serverBinary } from './lib/paths.mjs';
import { main, run, step } from './lib/run.mjs';
import { setupBrowsers, setupBuild } from './setup.mjs';

/** What people do in a voice call of two: place it, answer, talk, mute, hang up. */
const TESTS = ['talking'];

await main(async () => {
  await setupBuild();
  await setupBrowsers();
  await step('SDK that tells which functions run', () => run(process.execPath, ['scripts/build-sdk.mjs', '--record']));
  await buildServer('debug');
  const ran = await recordTests();
  const names = JSON.parse(await readFile(join(root, 'dist/functions.json'), 'utf8'));
  const eager = new Set([...ran].map((index) => names[index]));
  await writeFile(join(root, 'sdk/profile.txt'), `${[...eager].sort().join('\n')}\n`);
  console.log(`${eager.size} of ${names.length} functions run in voice calls of two`);
});

/** Runs the tests and returns the indices of the functions that ran in any page. */
async function recordTests() {
  const ran = new Set();
  const collector = createServer(async (request, response) => {
    const chunks = await request.toArray();
    for (const index of Buffer.concat(chunks).toString().split(',')) if (index !== '') ran.add(Number(index));
    response.writeHead(204, { 'access-control-allow-origin': '*' }).end();
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const files = TESTS.map((name) => join(root, `tests/e2e/${name}.test.mjs`));
  const env = { RINGBACK_RECORDER: `http://127.0.0.1:${collector.address().port}/`, RINGBACK_SERVER: serverBinary('debug') };
  try {
    await run(process.execPath, ['--test', '--test-concurrency=1', ...files], { env });
  } finally {
    collector.close().closeAllConnections();
  }
  return ran;
}
