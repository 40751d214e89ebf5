// Makes a machine with Rust (rustup) and Node ready. Does nothing when it is. Node built-ins only.
//
//   npm run setup            what building and starting needs
//   npm run setup -- tests   what the tests need too: browsers and their drivers
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installBrowsers } from './lib/browsers.mjs';
import { installPackages } from './lib/packages.mjs';
import { installGeckodriver, installRustSource, installWasmBindgen, installWasmTarget, requireRust } from './lib/rust.mjs';
import { Stop, main } from './lib/run.mjs';

/** Readies the machine for building: npm packages, the WebAssembly target, wasm-bindgen. */
export async function setupBuild() {
  requireNode();
  requireRust();
  await installPackages();
  await installWasmTarget();
  await installRustSource();
  addToPath(await installWasmBindgen());
}

/** Readies the machine for the browser tests, and says where to find the browsers. */
export async function setupBrowsers() {
  const { chromium, chromedriver, firefox } = await installBrowsers();
  const geckodriver = join(await installGeckodriver(), 'geckodriver');
  Object.assign(process.env, { CHROMIUM: chromium, CHROMEDRIVER: chromedriver, FIREFOX: firefox, GECKODRIVER: geckodriver });
}

function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Stop(`Node ${process.versions.node} is too old: 20 or newer is needed.`);
}

function addToPath(folder) {
  process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setupBuild();
    if (process.argv.includes('tests')) await setupBrowsers();
    console.log('Everything is there.');
  });
}
