import load from '../wasm/ringback.js';

import { CallError } from './error.js';

/** Where the WebAssembly module comes from, when not from beside this file. */
export type WasmSource = string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;

let loading: Promise<void> | undefined;
let ready = false;

/**
 * Loads the WebAssembly module, once; {@link connect} does it by itself.
 *
 * @param source Its address, response, bytes or compiled module. Default: `ringback_bg.wasm` beside this file.
 */
export function init(source?: WasmSource): Promise<void> {
  loading ??= loadFrom(source).catch((error: unknown) => {
    // The next call may have better luck.
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Tells whether the module is loaded. */
export const isReady = (): boolean => ready;

async function loadFrom(source: WasmSource = new URL('./ringback_bg.wasm', import.meta.url)): Promise<void> {
  try {
    await load({ module_or_path: source });
  } catch (cause) {
    throw new CallError('INTERNAL_ERROR', 'ringback_bg.wasm could not be loaded: serve it beside index.js, or pass its address to init().', {
      retryable: true,
      cause,
    });
  }
  ready = true;
}
