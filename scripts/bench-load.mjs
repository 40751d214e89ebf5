// Measures what calls cost the server; options pass through to tests/bench/load.mjs.
import { join } from 'node:path';

import { buildServer } from './build.mjs';
import { installPackages } from './lib/packages.mjs';
import { root, serverBinary } from './lib/paths.mjs';
import { main, run, step } from './lib/run.mjs';
import { setupBuild } from './setup.mjs';

await main(async () => {
  await setupBuild();
  const bench = join(root, 'tests', 'bench');
  await installPackages(bench, 'what the benchmarks compare with');
  // The only package here that is C++ and has to be built.
  await step('SQLite for Node', () => run('npm', ['rebuild', 'better-sqlite3', '--silent'], { cwd: bench }));
  await step('load generator: cargo build', () => run('cargo', ['build', '--quiet', '--release'], { cwd: join(bench, 'load') }));
  await buildServer('deployed');
  await run(process.execPath, ['tests/bench/load.mjs', '--binary', serverBinary('dist'), ...process.argv.slice(2)]);
});
