// What the glue of wasm-bindgen lacks for a module in two parts, and for measuring which functions run.

/** Lets the second part be joined: the first asks for it by an import, and it needs the imports itself. */
export function withSecond(script) {
  return `${withImport(script, '__more: () => second(),')}
let second;
export function setSecond(fetch) { second = fetch; }
export { __wbg_get_imports as imports };
`;
}

export const SECOND_TYPES = `
/** Takes what fetches the second part and joins it, when something of it is called that is not there yet. */
export function setSecond(fetch: () => void): void;
/** What the module imports. */
export function imports(): WebAssembly.Imports;
`;

/** Lets a module that was instrumented tell which of its functions run. */
export const withRecorder = (script) => withImport(script, '__ran: (index) => void (globalThis.__ran ??= new Set()).add(index),');

const withImport = (script, property) => {
  const mark = '__proto__: null,';
  if (!script.includes(mark)) throw new Error('The glue of wasm-bindgen has another form than expected.');
  return script.replace(mark, `${mark}\n        ${property}`);
};
