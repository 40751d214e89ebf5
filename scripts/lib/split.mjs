// Splits a module in two: what a voice call of two runs, and the rest, which is loaded afterwards.
//
// A function of the second part leaves a stub in the first: it makes sure that the second part is
// there (`__more`, an import that loads it) and calls through a table. The second part imports
// memory, tables, globals and the functions that it calls, and fills its places in that table.
import binaryen from 'binaryen';

/** What the second part calls the first. */
export const PRIMARY = 'p';
/** A function of so many bytes is not worth a stub. */
const SMALL = 30;
/** A function of so many bytes is not worth an export and an import. */
const COPIED = 24;
const GLUE = './ringback_bg.js';
const FEATURES = binaryen.Features.BulkMemory | binaryen.Features.MutableGlobals | binaryen.Features.NontrappingFPToInt
  | binaryen.Features.SignExt | binaryen.Features.ReferenceTypes | binaryen.Features.Multivalue | binaryen.Features.BulkMemoryOpt;

/** Names a function the same in every build: without the hashes of crates. */
export const plainName = (name) => name.replace(/\[[0-9a-f]{16}\]/g, '');

/**
 * Splits a module that has its names.
 * @param {Uint8Array} wasm
 * @param {(name: string) => boolean} isLazy tells by a function's plain name whether it goes into the second part
 * @returns {{ first: Uint8Array, second: Uint8Array }}
 */
export function split(wasm, isLazy) {
  const { names, stripped } = takeNames(wasm);
  const items = topLevel(textOf(stripped));
  const functions = items.filter(({ kind }) => kind === 'func');
  const imported = items.filter(({ kind, text }) => kind === 'import' && text.includes('(func ')).length;
  const lazy = new Set(functions.filter((_, index) => isLazy(plainName(names.get(imported + index) ?? ''))).map(({ id }) => id));
  const bodies = functionSizes(wasm);
  const size = new Map(functions.map(({ id }, index) => [id, bodies[index]]));
  keepSmall(items, lazy, size);
  if (lazy.size === 0) throw new Error('No function of the second part was found: does the module have its names?');
  const eagerCalls = new Set(items.filter(({ kind, id }) => kind !== 'func' || !lazy.has(id)).flatMap(({ text }) => references(text)));
  const places = [...lazy].filter((id) => eagerCalls.has(id));
  const inSecond = withCopies(functions, lazy, size);
  const shared = shares(items, functions.filter(({ id }) => inSecond.has(id)));
  const first = assemble(firstPart(items, lazy, places, shared));
  const second = assemble(secondPart(items, inSecond, places, shared));
  return { first, second };
}

/** A function that the first part calls stays there when its stub would not be much smaller. */
function keepSmall(items, lazy, size) {
  for (let changed = true; changed; ) {
    changed = false;
    const called = new Set(items.filter(({ kind, id }) => kind !== 'func' || !lazy.has(id)).flatMap(({ text }) => references(text)));
    for (const id of [...lazy].filter((id) => called.has(id) && size.get(id) < SMALL)) {
      lazy.delete(id);
      changed = true;
    }
  }
}

/** Lets every function tell when it runs, by its index: `__ran`, an import. Returns the functions' names too. */
export function instrument(wasm) {
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(wasm);
  module.setFeatures(FEATURES);
  module.addFunctionImport('__ran', GLUE, '__ran', binaryen.i32, binaryen.none);
  const names = [];
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) => module.getFunctionByIndex(index));
  for (const ref of functions) {
    const { name, module: importedFrom, body, results } = binaryen.getFunctionInfo(ref);
    if (importedFrom) continue;
    const told = module.call('__ran', [module.i32.const(names.length)], binaryen.none);
    binaryen.Function.setBody(ref, module.block(null, [told, body], results));
    names.push(name);
  }
  const instrumented = module.emitBinary();
  module.dispose();
  return { module: instrumented, names };
}

/** Small functions are in both parts: a copy is smaller than an export and an import. */
function withCopies(functions, lazy, size) {
  const found = new Set(lazy);
  const byId = new Map(functions.map((item) => [item.id, item]));
  for (const id of found) {
    for (const called of references(byId.get(id).text)) if (byId.has(called) && size.get(called) < COPIED) found.add(called);
  }
  return found;
}

function textOf(wasm) {
  binaryen.setDebugInfo(false);
  const module = binaryen.readBinary(wasm);
  module.setFeatures(FEATURES);
  const text = module.emitText();
  module.dispose();
  return text;
}

function assemble(text) {
  const module = binaryen.parseText(text);
  module.setFeatures(FEATURES);
  if (!module.validate()) throw new Error('A part of the split module is not valid.');
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** Returns the items of a module's text: binaryen indents each by one space. */
function topLevel(text) {
  const body = text.slice(text.indexOf('\n') + 1, text.lastIndexOf(')'));
  return body.split(/\n(?= \()/).map((item) => {
    const [, kind, id] = item.match(/^ \((\w+)(?: \$([^\s()]+))?/) ?? [];
    return { kind, id, text: item };
  });
}

const references = (text) => [...text.matchAll(/\((?:return_)?call \$([^\s()]+)|\(ref\.func \$([^\s()]+)|\(export "[^"]*" \(func \$([^\s()]+)/g)]
  .map(([, call, ref, exported]) => call ?? ref ?? exported)
  .concat(/^ \(elem/.test(text) ? [...text.matchAll(/\$([^\s()]+)/g)].map(([, id]) => id) : []);

/** Returns what the second part needs of the first: functions, globals, tables, the memory. */
function shares(items, lazyFunctions) {
  const used = (pattern) => new Set(lazyFunctions.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, id]) => id)));
  const lazyIds = new Set(lazyFunctions.map(({ id }) => id));
  const defined = new Map(items.filter(({ kind }) => kind === 'func').map((item) => [item.id, item]));
  const calls = new Set(lazyFunctions.flatMap(({ text }) => references(text)));
  return {
    functions: [...calls].filter((id) => defined.has(id) && !lazyIds.has(id)).map((id) => defined.get(id)),
    globals: used(/\(global\.(?:get|set) \$([^\s()]+)/g),
    tables: used(/\((?:call_indirect|table\.\w+) \$([^\s()]+)/g),
  };
}

const short = (index) => index.toString(36);

/** Names what is exported to the second part: letters that no other export has. */
const sharedName = (kind, index) => `${kind}${short(index)}`;

function firstPart(items, lazy, places, shared) {
  const place = new Map(places.map((id, index) => [id, index]));
  const kept = items.filter(({ kind, id }) => kind !== 'func' || !lazy.has(id) || place.has(id));
  const texts = kept.map((item) => (item.kind === 'func' && lazy.has(item.id) ? stub(item, place.get(item.id)) : item.text));
  const lastImport = kept.findLastIndex(({ kind }) => kind === 'import');
  texts.splice(lastImport + 1, 0, ` (import "${GLUE}" "__more" (func $__more))`);
  const memory = items.find(({ kind }) => kind === 'memory');
  return `(module\n${texts.join('\n')}
 (table $__places ${places.length} funcref)
 (func $__need (param i32) (if (ref.is_null (table.get $__places (local.get 0))) (then (call $__more))))
 (export "~" (table $__places))
 (export "~m" (memory $${memory.id}))
${shared.functions.map(({ id }, index) => ` (export "${sharedName('~f', index)}" (func $${id}))`).join('\n')}
${[...shared.globals].map((id, index) => ` (export "${sharedName('~g', index)}" (global $${id}))`).join('\n')}
${[...shared.tables].map((id, index) => ` (export "${sharedName('~t', index)}" (table $${id}))`).join('\n')}
)`;
}

function stub({ id, text }, place) {
  const { params, results } = signature(text);
  const type = typed(params, results);
  const locals = params.map((_, index) => `(local.get ${index})`).join(' ');
  return ` (func $${id} ${type}
  (call $__need (i32.const ${place}))
  (call_indirect $__places ${type} ${locals} (i32.const ${place})))`;
}

const typed = (params, results) => `${params.map((param) => `(param ${param})`).join(' ')} ${results}`;

function secondPart(items, inSecond, places, shared) {
  const types = items.filter(({ kind }) => kind === 'type' || kind === 'rec').map(({ text }) => text);
  const imports = items.filter(({ kind, text }) => kind === 'import' && /\(func /.test(text)).map(({ text }) => text);
  const byId = new Map(items.map((item) => [`${item.kind} ${item.id}`, item]));
  const functions = shared.functions.map(({ id, text }, index) =>
    ` (import "${PRIMARY}" "${sharedName('~f', index)}" (func $${id} ${typed(...Object.values(signature(text)))}))`);
  const globals = [...shared.globals].map((id, index) => {
    const type = byId.get(`global ${id}`).text.match(/^ \(global \$\S+ (\(mut \w+\)|\w+)/)[1];
    return ` (import "${PRIMARY}" "${sharedName('~g', index)}" (global $${id} ${type}))`;
  });
  const tables = [...shared.tables].map((id, index) => {
    const limits = byId.get(`table ${id}`).text.match(/^ \(table \$\S+ ([^()]*)\)/)[1];
    return ` (import "${PRIMARY}" "${sharedName('~t', index)}" (table $${id} ${limits}))`;
  });
  const memory = items.find(({ kind }) => kind === 'memory');
  const limits = memory.text.match(/^ \(memory \$\S+ ([^()]*)\)/)[1];
  return `(module
${types.join('\n')}
${imports.join('\n')}
${functions.join('\n')}
${globals.join('\n')}
${tables.join('\n')}
 (import "${PRIMARY}" "~" (table $__places ${places.length} funcref))
 (import "${PRIMARY}" "~m" (memory $${memory.id} ${limits}))
 (elem $__filled (table $__places) (i32.const 0) func ${places.map((id) => `$${id}`).join(' ')})
${items.filter(({ kind, id }) => kind === 'func' && inSecond.has(id)).map(({ text }) => text).join('\n')}
)`;
}

/** Reads the signature off a function's text. */
function signature(text) {
  const [head] = text.split('\n', 1);
  const params = [...head.matchAll(/\(param \$\S+ ([^()]+)\)/g)].map(([, param]) => param);
  const [results] = head.match(/\(result [^()]+\)/) ?? [''];
  return { params, results };
}

/** Returns the names of a module's functions by their index, and the module without them (WebAssembly core specification, appendix 7.4). */
function takeNames(wasm) {
  const bytes = Buffer.from(wasm);
  const names = new Map();
  const reader = { bytes, at: 8 };
  const kept = [bytes.subarray(0, 8)];
  while (reader.at < bytes.length) {
    const start = reader.at;
    const id = bytes[reader.at++];
    const end = number(reader) + reader.at;
    if (id === 0 && text(reader) === 'name') readNames(reader, end, names);
    if (id !== 0) kept.push(bytes.subarray(start, end));
    reader.at = end;
  }
  return { names, stripped: Buffer.concat(kept) };
}

function readNames(reader, end, names) {
  const FUNCTIONS = 1;
  while (reader.at < end) {
    const id = reader.bytes[reader.at++];
    const size = number(reader);
    const next = reader.at + size;
    if (id === FUNCTIONS) for (let left = number(reader); left > 0; left -= 1) names.set(number(reader), text(reader));
    reader.at = next;
  }
}

function text(reader) {
  const length = number(reader);
  reader.at += length;
  return reader.bytes.toString('utf8', reader.at - length, reader.at);
}

/** Returns the sizes of a module's functions, in order. */
function functionSizes(wasm) {
  const CODE = 10;
  const reader = { bytes: Buffer.from(wasm), at: 8 };
  for (;;) {
    const id = reader.bytes[reader.at++];
    const end = number(reader) + reader.at;
    if (id === CODE) break;
    reader.at = end;
  }
  return Array.from({ length: number(reader) }, () => {
    const size = number(reader);
    reader.at += size;
    return size;
  });
}

/** Reads an unsigned LEB128 number. */
function number(reader) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.bytes[reader.at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
}
