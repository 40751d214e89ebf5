// Builds the npm package into dist/: the Rust SDK as WebAssembly, its glue and TypeScript as one
// module, type declarations, and the bundled Socket.IO client.
//
//   node scripts/build-sdk.mjs         small and fast, as published
//   node scripts/build-sdk.mjs --dev   quick to build
//   node scripts/build-sdk.mjs --record   as published, but tells which functions run (for scripts/profile.mjs)
import { appendFile, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

import * as esbuild from 'esbuild';

import { SECOND_TYPES, withRecorder, withSecond } from './lib/glue.mjs';
import { shortenImports } from './lib/imports.mjs';
import { blankLocations } from './lib/locations.mjs';
import { WASM, hasRustSource } from './lib/rust.mjs';
import { lockedVersion, root, target, toolFolder, which } from './lib/paths.mjs';
import { dropUnusedClosures, silencePanics } from './lib/panics.mjs';
import { Stop, main, run } from './lib/run.mjs';
import { instrument, plainName, split } from './lib/split.mjs';

/** What `index.js` and the module together may weigh over the network, in brotli bytes. */
const LIMIT = 60 * 1024;
const GOAL = 40 * 1024;

const dev = process.argv.includes('--dev');
const record = process.argv.includes('--record');
/** The functions that voice calls of two run, by name: written by `npm run profile`. */
const profile = join(root, 'sdk/profile.txt');
const dist = join(root, 'dist');
const source = join(root, 'sdk/js/src');
// Beside the TypeScript, which imports it; not committed.
const glue = join(root, 'sdk/js/wasm');
const module = join(dist, 'ringback_bg.wasm');
const secondModule = join(dist, 'ringback_second.wasm');
const script = join(glue, 'ringback.js');
// What every browser with WebRTC has had since 2022, and what Rust's target assumes.
const features = ['bulk-memory', 'bulk-memory-opt', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'reference-types', 'multivalue'];

/** Lets the errors of a chunk be those of `index.js`. */
const errorOfIndex = {
  name: 'errors of index.js',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/error\.js$/ }, () => ({ path: './index.js', external: true, sideEffects: false })),
};

/** Lets an entry of its own share the classes of `index.js` in place of a copy. */
const besideIndex = {
  name: 'beside index.js',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: './index.js', external: true, sideEffects: false })),
};

await main(async () => {
  await compile();
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  await optimise();
  await bundle();
  await declare();
  await weigh();
});

async function compile() {
  const small = dev ? null : await smallStandardLibrary();
  const folder = small ? join(target, 'std') : target;
  const profile = dev ? 'dev' : 'wasm';
  const args = ['build', '--quiet', '-p', 'ringback-sdk', '--lib', '--target', WASM, '--profile', profile, '--target-dir', folder];
  await run('cargo', [...args, ...(small?.args ?? [])], { env: small?.env });
  const built = join(folder, WASM, dev ? 'debug' : profile, 'ringback_sdk.wasm');
  const flags = ['--target', 'web', '--out-dir', glue, '--out-name', 'ringback', '--omit-default-module-path', ...(dev ? [] : ['--remove-producers-section'])];
  await run(wasmBindgen(), [...flags, built]);
}

/**
 * Returns how to build the standard library along, for size and without panic messages; null when
 * its source is not there. In a folder of its own, so that no other build is disturbed.
 */
async function smallStandardLibrary() {
  if (!(await hasRustSource())) {
    console.log('The source of the standard library is missing (`rustup component add rust-src`): the module gets some KiB heavier.');
    return null;
  }
  // Values of JavaScript are numbers to the module then, in place of entries of a second table.
  const flags = `target.${WASM}.rustflags=["-Zunstable-options","-Cpanic=immediate-abort","-Ctarget-feature=-reference-types"]`;
  return {
    args: ['-Zbuild-std=std,panic_abort', '-Zbuild-std-features=optimize_for_size', '--config', flags],
    // These flags are not stable yet; what they build is the library of the stable compiler.
    env: { RUSTC_BOOTSTRAP: '1' },
  };
}

/** Returns the path of wasm-bindgen, which must be of exactly the crate's version. */
function wasmBindgen() {
  const version = lockedVersion('wasm-bindgen');
  const kept = join(toolFolder('wasm-bindgen', version), 'bin', 'wasm-bindgen');
  const found = process.env.WASM_BINDGEN ?? (existsSync(kept) ? kept : which('wasm-bindgen', 'wasm-bindgen.exe'));
  if (!found) throw new Stop(`wasm-bindgen ${version} is missing: \`npm run setup\` builds it.`);
  return found;
}

async function optimise() {
  const raw = join(glue, 'ringback_bg.wasm');
  await writeFile(script, withSecond(await readFile(script, 'utf8')));
  await appendFile(join(glue, 'ringback.d.ts'), SECOND_TYPES);
  if (dev) return rename(raw, module);
  const passes = ['--low-memory-unused', '--flatten', '--rereloop', '-Oz', '--gufa', '-Oz', '--converge', '--coalesce-locals', '--reorder-locals', '--vacuum', '--reorder-functions-by-name'];
  // Functions that repeat a pattern compress better than one function that holds them all, and
  // best beside those that do similar things, which are of the same type or module.
  const inlining = ['--one-caller-inline-max-function-size', '10'];
  await writeFile(raw, blankLocations(dropUnusedClosures(silencePanics(await readFile(raw)))));
  // With their names, by which they are sorted into the two parts.
  await wasmOpt([...inlining, ...passes, '--debuginfo'], raw, module);
  await rm(raw);
  await (record ? instrumentModule() : splitModule());
}

async function wasmOpt(flags, from, to) {
  const enabled = features.map((name) => `--enable-${name}`);
  await run(process.execPath, [join(root, 'node_modules/binaryen/bin/wasm-opt'), ...enabled, ...flags, from, '-o', to]);
}

/** Sorts the functions into the two parts, and shortens the names between them and the glue. */
async function splitModule() {
  const eager = new Set((await readFile(profile, 'utf8')).split('\n'));
  const { first, second } = split(await readFile(module), (name) => !eager.has(name));
  await writeFile(module, first);
  await writeFile(secondModule, second);
  const cleanUp = ['--remove-unused-module-elements', '--strip-debug', '--strip-producers', '--strip-target-features'];
  for (const part of [module, secondModule]) await wasmOpt(cleanUp, part, part);
  const modules = [await readFile(module), await readFile(secondModule)];
  const short = shortenImports(modules, await readFile(script, 'utf8'));
  await writeFile(module, short.modules[0]);
  await writeFile(secondModule, short.modules[1]);
  await writeFile(script, short.glue);
}

async function instrumentModule() {
  const { module: instrumented, names } = instrument(await readFile(module));
  await writeFile(module, instrumented);
  await writeFile(script, withRecorder(await readFile(script, 'utf8')));
  await writeFile(join(dist, 'functions.json'), JSON.stringify(names.map(plainName)));
}

async function bundle() {
  const options = { bundle: true, format: 'esm', platform: 'browser', target: 'es2022', minify: !dev, legalComments: 'none', logLevel: 'warning', define: { IS_SPLIT: String(!dev && !record) } };
  await esbuild.build({ ...options, entryPoints: [join(source, 'index.ts')], outfile: join(dist, 'index.js'), external: ['./socket.io-client.js', './preflight.js', './diagnostics.js', './connection.js'] });
  await esbuild.build({ ...options, entryPoints: [join(source, 'connection.ts')], outfile: join(dist, 'connection.js'), plugins: [errorOfIndex] });
  await esbuild.build({ ...options, entryPoints: [join(source, 'diagnostics.ts')], outfile: join(dist, 'diagnostics.js') });
  await esbuild.build({ ...options, entryPoints: [join(source, 'preflight.ts')], outfile: join(dist, 'preflight.js') });
  await esbuild.build({ ...options, entryPoints: [join(source, 'react.ts')], outfile: join(dist, 'react.js'), external: ['react'], jsx: 'automatic', plugins: [besideIndex, errorOfIndex] });
  await esbuild.build({ ...options, minify: true, entryPoints: [join(source, 'socket.io-client.ts')], outfile: join(dist, 'socket.io-client.js') });
}

async function declare() {
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'sdk/js/tsconfig.json')]);
}

/** Prints what everything weighs, and fails when it is too much. */
async function weigh() {
  const names = (await readdir(dist)).filter((name) => /\.(js|wasm)$/.test(name));
  const sizes = new Map();
  for (const name of names) sizes.set(name, await brotli(join(dist, name)));
  for (const [name, bytes] of sizes) console.log(line(name, (await stat(join(dist, name))).size, bytes));
  const total = sizes.get('index.js') + sizes.get('ringback_bg.wasm');
  console.log(`first load, wasm + JS over the network: ${kib(total)} (goal ${kib(GOAL)}, limit ${kib(LIMIT)})`);
  if (!dev && !record && total > LIMIT) throw new Stop(`The package is too heavy: ${kib(total)} of at most ${kib(LIMIT)}.`);
}

async function brotli(path) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: dev ? 5 : 11 };
  return brotliCompressSync(await readFile(path), { params }).length;
}

function line(name, raw, compressed) {
  return `${name.padEnd(22)} ${kib(raw).padStart(10)} raw ${kib(compressed).padStart(10)} brotli`;
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
