// What Rust needs beyond rustup: the WebAssembly target and two tools, built once.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isExecutable, lockedVersion, toolFolder, which } from './paths.mjs';
import { Stop, capture, run, step } from './run.mjs';

/** What the SDK is compiled to. */
export const WASM = 'wasm32-unknown-unknown';
// geckodriver does not depend on anything of ours: any newer one does as well.
const GECKODRIVER = '0.37.1';

/** Checks that Rust is there. */
export function requireRust() {
  if (!which('cargo', 'cargo.exe')) throw new Stop('Rust is missing: install it from https://rustup.rs and run this again.');
}

/** Adds the WebAssembly target to the toolchain, unless it is there. */
export async function installWasmTarget() {
  const { output } = await capture('rustc', ['--print', 'sysroot']);
  if (existsSync(join(output.trim(), 'lib', 'rustlib', WASM))) return;
  if (!which('rustup', 'rustup.exe')) {
    throw new Stop(`The Rust target ${WASM} is missing, and there is no rustup to add it: install it with your package manager.`);
  }
  await step(`Rust target ${WASM}`, () => run('rustup', ['target', 'add', WASM]));
}

/** Adds the source of the standard library, which makes the module smaller, where rustup can. */
export async function installRustSource() {
  if ((await hasRustSource()) || !which('rustup', 'rustup.exe')) return;
  const { code } = await step('Rust source', () => capture('rustup', ['component', 'add', 'rust-src']));
  if (code !== 0) console.log('  could not be added: the module gets some KiB heavier');
}

/** Tells whether the source of the standard library is there. */
export async function hasRustSource() {
  const { output } = await capture('rustc', ['--print', 'sysroot']);
  return existsSync(join(output.trim(), 'lib', 'rustlib', 'src', 'rust', 'library', 'Cargo.lock'));
}

/** Installs wasm-bindgen of exactly the version that the crate is built with; returns its folder. */
export async function installWasmBindgen() {
  return installTool('wasm-bindgen', 'wasm-bindgen-cli', lockedVersion('wasm-bindgen'), 'wasm-bindgen-test-runner');
}

/** Installs geckodriver, which Firefox tests need; returns its folder. */
export async function installGeckodriver() {
  return installTool('geckodriver', 'geckodriver', GECKODRIVER, 'geckodriver');
}

async function installTool(name, crate, version, program) {
  const folder = toolFolder(name, version);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  if (!isExecutable(join(folder, 'bin', program + suffix))) {
    await step(`${name} ${version}: built once, kept in ${folder}`, () => cargoInstall(crate, version, folder));
  }
  return join(folder, 'bin');
}

async function cargoInstall(crate, version, folder) {
  const build = join(folder, 'build');
  // A debug build is fast enough for what it does here, and four times as quick to make.
  const args = ['install', crate, '--version', version, '--debug', '--quiet', '--root', folder];
  const env = { CARGO_TARGET_DIR: build };
  const locked = await capture('cargo', [...args, '--locked'], { env });
  // Its lockfile may name a crate that the registry at hand does not have (yet).
  if (locked.code !== 0) await run('cargo', args, { env });
  await rm(build, { recursive: true, force: true });
}
