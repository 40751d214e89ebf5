// Measures history and statistics of a large database; options pass through to tests/bench/history.mjs.
import { buildServer } from './build.mjs';
import { serverBinary } from './lib/paths.mjs';
import { main, run } from './lib/run.mjs';
import { setupBuild } from './setup.mjs';

await main(async () => {
  await setupBuild();
  await buildServer('deployed');
  await run(process.execPath, ['tests/bench/history.mjs', '--binary', serverBinary('dist'), ...process.argv.slice(2)]);
});
