// Measures what the README claims; options pass through to tests/bench/run.mjs.
import { join } from 'node:path';

import { buildSdk, buildServer } from './build.mjs';
import { installPackages } from './lib/packages.mjs';
import { root, serverBinary } from './lib/paths.mjs';
import { main, run } from './lib/run.mjs';
import { setupBrowsers, setupBuild } from './setup.mjs';

await main(async () => {
  await setupBuild();
  await setupBrowsers();
  await installPackages(join(root, 'tests', 'bench'), 'what the benchmarks compare with');
  await buildSdk();
  await buildServer('local');
  const binary = ['--binary', serverBinary('release')];
  await run(process.execPath, ['tests/bench/run.mjs', ...binary, ...process.argv.slice(2)]);
});
