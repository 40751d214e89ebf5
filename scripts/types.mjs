// Makes sdk/js/src/protocol.ts from the Rust wire types.
import { main, run } from './lib/run.mjs';

await main(() =>
  run('cargo', ['test', '--quiet', '-p', 'ringback-protocol', '--features', 'ts', '--test', 'typescript'], { env: { UPDATE: '1' } }),
);
