import load from '../wasm/ringback.js';

import { mustBe, type Shape } from './arguments.js';
import { CallError } from './error.js';
import { expectSecond } from './second.js';

/** Where the WebAssembly module comes from, when not from beside this file. */
export type WasmSource = string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;

/** Set by the build: whether the module is in two parts. */
declare const IS_SPLIT: boolean;

let loading: Promise<void> | undefined;
let ready = false;

/**
 * Loads the WebAssembly module, once; {@link connect} does it by itself.
 *
 * @param source Its address, response, bytes or compiled module. Default: `ringback_bg.wasm` beside this file.
 * @param second The address of its second part, which is fetched afterwards. Default: `ringback_second.wasm` beside
 * the first, where that is an address, else beside this file.
 */
export async function init(source?: WasmSource, second?: string | URL): Promise<void> {
  for (const given of [source, second]) if (given !== undefined) mustBe(SOURCE, 'What init() loads', given);
  loading ??= loadFrom(source, second).catch((error: unknown) => {
    // The next call may have better luck.
    loading = undefined;
    throw error;
  });
  return loading;
}

const SOURCE: Shape = ['an address, a response, bytes or a module', (given) => typeof given === 'string' || (typeof given === 'object' && given !== null)];

/** Tells whether the module is loaded. */
export const isReady = (): boolean => ready;

async function loadFrom(source: WasmSource = new URL('./ringback_bg.wasm', import.meta.url), second?: string | URL): Promise<void> {
  try {
    const exports = await load({ module_or_path: source });
    if (IS_SPLIT) expectSecond(exports as unknown as WebAssembly.Exports, second ?? beside(source));
  } catch (cause) {
    if (!('RTCPeerConnection' in globalThis)) throw new CallError('UNSUPPORTED', 'There is no WebRTC here: import it anywhere, but call connect() and init() in a browser.', { cause });
    throw new CallError('INTERNAL_ERROR', 'ringback_bg.wasm could not be loaded: serve it beside index.js, or pass its address to init().', {
      retryable: true,
      cause,
    });
  }
  ready = true;
}

/** Returns the address of the second part: a bundler may have given both parts other names, but then the first is no argument. */
function beside(source: WasmSource): string | URL {
  const first = typeof source === 'string' ? source : source instanceof URL ? source.href : source instanceof Request ? source.url : '';
  const second = first.replace('ringback_bg.wasm', 'ringback_second.wasm');
  return second === first ? new URL('./ringback_second.wasm', import.meta.url) : second;
}
