// Takes out of a module what nobody would see: the texts of panics, ways in that are never used.
import binaryen from 'binaryen';

import { Stop } from './run.mjs';

/** The functions of Rust's standard library in which panics end; none of them returns. */
const PANICS = [
  /^core::panicking::/,
  /^core::(option|result)::\w+_failed$/,
  /^core::cell::(\w+::)?panic_/,
  /^core::(str|slice::index)::slice_\w+_fail$/,
  /^<?alloc::.*(capacity_overflow|handle_alloc_error|assert_failed)$/,
  /^<?std::panicking::/,
  /^__rustc::(rust_begin_unwind|rust_panic|__rust_start_panic|__rust_abort)$/,
];

/** The functions by which JavaScript calls a closure. */
const CLOSURE = /^wasm_bindgen(\[\w+\])?::convert::closures::_::invoke::</;

/**
 * Lets panics trap at once. In a browser nobody would read what they format first, and the
 * optimiser can drop the formatting, which is a twentieth of the module.
 */
export function silencePanics(wasm) {
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(wasm);
  const panics = functionsOf(module).filter((ref) => isPanic(binaryen.getFunctionInfo(ref).name));
  // Without names nothing would be found, and the module would quietly grow.
  if (panics.length === 0) throw new Stop('No panic was found in the module: does it still have its name section?');
  for (const ref of panics) binaryen.Function.setBody(ref, module.unreachable());
  const silenced = module.emitBinary();
  module.dispose();
  return silenced;
}

/**
 * Empties the ways in for closures that no script uses. wasm-bindgen makes one for each kind of
 * closure that js-sys mentions, and the function table keeps them all.
 */
export function dropUnusedClosures(wasm) {
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(wasm);
  const used = new Set(exportsOf(module).map((name) => name.replace(/ externref shim$/, '')));
  const closures = functionsOf(module).filter((ref) => CLOSURE.test(binaryen.getFunctionInfo(ref).name));
  const unused = closures.filter((ref) => !used.has(binaryen.getFunctionInfo(ref).name.replace(/ externref shim$/, '')));
  for (const ref of unused) binaryen.Function.setBody(ref, module.unreachable());
  const left = module.emitBinary();
  module.dispose();
  return left;
}

function exportsOf(module) {
  return Array.from({ length: module.getNumExports() }, (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)).value);
}

function isPanic(name) {
  const plain = name.replace(/\[[0-9a-f]{16}\]/g, '');
  return PANICS.some((pattern) => pattern.test(plain));
}

function functionsOf(module) {
  return Array.from({ length: module.getNumFunctions() }, (_, index) => module.getFunctionByIndex(index));
}
