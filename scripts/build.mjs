// Builds the npm package into dist/ and the server into target/release.
import { fileURLToPath } from 'node:url';

import { main, run, step } from './lib/run.mjs';
import { setupBuild } from './setup.mjs';

/** Builds the npm package into dist/. */
export async function buildSdk() {
  await step('SDK: Rust to dist/', () => run(process.execPath, ['scripts/build-sdk.mjs']));
}

const FLAGS = {
  debug: ['--features', 'full'],
  local: ['--release'],
  deployed: ['--profile', 'dist', '--features', 'full,jemalloc'],
};

/**
 * Builds the server.
 * @param {'debug' | 'local' | 'deployed'} kind what the tests use, with all features; what `npm start` does; what is deployed
 */
export async function buildServer(kind) {
  await step(`server: cargo build (${kind})`, () => run('cargo', ['build', '--quiet', '-p', 'ringback-server', ...FLAGS[kind]]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setupBuild();
    await buildSdk();
    await buildServer('local');
  });
}
