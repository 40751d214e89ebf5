// Builds the npm package into dist/ and the server into target/release.
import { fileURLToPath } from 'node:url';

import { main, run, step } from './lib/run.mjs';
import { setupBuild } from './setup.mjs';

/** Builds the npm package into dist/. */
export async function buildSdk() {
  await step('SDK: Rust to dist/', () => run(process.execPath, ['scripts/build-sdk.mjs']));
}

/** Builds the server; a debug build is the one that the tests make too, with all features. */
export async function buildServer(profile) {
  const flags = profile === 'release' ? ['--release'] : ['--features', 'full'];
  await step(`server: cargo build (${profile})`, () => run('cargo', ['build', '--quiet', '-p', 'ringback-server', ...flags]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setupBuild();
    await buildSdk();
    await buildServer('release');
  });
}
