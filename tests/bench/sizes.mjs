import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './serve.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);
const BUNDLED = ['peerjs', 'livekit-client', '@twilio/voice-sdk'];

/** Returns what each package weighs over the network, in bytes after brotli at its best. */
export async function measureSizes() {
  const ours = await Promise.all(['index.js', 'ringback_bg.wasm'].map((file) => readFile(join(root, 'dist', file))));
  const sizes = { Ringback: ours.map(compressed).reduce((sum, size) => sum + size, 0) };
  sizes['simple-peer'] = compressed(await readFile(require.resolve('simple-peer/simplepeer.min.js')));
  for (const name of BUNDLED) sizes[name] = compressed(await bundled(name));
  return sizes;
}

function compressed(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return brotliCompressSync(bytes, { params }).length;
}

/** Bundles everything that a package exports, for a browser, minified. */
async function bundled(name) {
  const result = await build({
    stdin: { contents: `export * from '${name}'`, resolveDir: here },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    write: false,
    logLevel: 'error',
  });
  return result.outputFiles[0].contents;
}
