/**
 * The second part of the WebAssembly module: what a voice call of two does not run.
 *
 * It is fetched once the first part works, and nothing waits for it. Should something need it
 * before it is there, it is fetched on the spot.
 */
import { imports, setSecond } from '../wasm/ringback.js';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** Fetches the second part and joins it to the first, whose exports these are. */
export function expectSecond(exports: WebAssembly.Exports, address: string | URL): void {
  let isThere = false;
  const join = (module: WebAssembly.Module) => {
    if (isThere) return;
    isThere = true;
    // It fills its places in the table of the first part.
    new WebAssembly.Instance(module, { ...imports(), p: exports } as WebAssembly.Imports);
  };
  setSecond(() => join(new WebAssembly.Module(fetchNow(address))));
  void fetchUntil(address, () => isThere, join);
}

async function fetchUntil(address: string | URL, isThere: () => boolean, join: (module: WebAssembly.Module) => void): Promise<void> {
  for (let pause = FIRST_RETRY_MS; !isThere(); pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      return join(await compile(address));
    } catch {
      // The network may be away for a moment; whoever needs it before then fetches it on the spot.
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function compile(address: string | URL): Promise<WebAssembly.Module> {
  const response = await fetch(address, { priority: 'low' } as RequestInit);
  if (!response.ok) throw new Error(`${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Fetches bytes while the caller waits: the only way for code that cannot wait for a promise. */
function fetchNow(address: string | URL): BufferSource {
  const request = new XMLHttpRequest();
  request.open('GET', address, false);
  // Bytes pass through text untouched in this character set.
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  return Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff);
}
