// Gives the functions that a WebAssembly module imports short names, there and in its glue: the
// names of wasm-bindgen carry a hash each, which no compression makes smaller.

import { PRIMARY } from './split.mjs';

const IMPORT_SECTION = 2;
const HEADER_BYTES = 8;

/** Returns modules and glue with short names for all functions that the glue gives. */
export function shortenImports(parts, glue) {
  const names = new Map();
  const modules = parts.map((bytes) => rewriteSection(bytes, IMPORT_SECTION, (section) => rewriteImports(section, names)));
  const shortened = glue.replace(/\b__(?:wb[gi]\w+|more)\b/g, (name) => names.get(name) ?? name);
  return { modules, glue: shortened };
}

function rewriteSection(bytes, wanted, rewrite) {
  const parts = [bytes.subarray(0, HEADER_BYTES)];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const size = readUnsigned(bytes, at + 1);
    const end = size.next + size.value;
    if (bytes[at] === wanted) {
      const section = rewrite(bytes.subarray(size.next, end));
      parts.push(Buffer.from([wanted, ...unsigned(section.length)]), section);
    } else {
      parts.push(bytes.subarray(at, end));
    }
    at = end;
  }
  return Buffer.concat(parts);
}

/** Rewrites the import section (WebAssembly core specification, section 5.5.5). */
function rewriteImports(section, names) {
  const count = readUnsigned(section, 0);
  const parts = [section.subarray(0, count.next)];
  let at = count.next;
  for (let index = 0; index < count.value; index += 1) {
    const module = readName(section, at);
    const field = readName(section, module.next);
    const end = endOfDescription(section, field.next);
    parts.push(name(module.text), name(module.text === PRIMARY ? field.text : shortName(field.text, names)), section.subarray(field.next, end));
    at = end;
  }
  return Buffer.concat(parts);
}

function shortName(long, names) {
  if (!names.has(long)) names.set(long, `_${names.size.toString(36)}`);
  return names.get(long);
}

/** Returns where the description of an import ends: function, table, memory or global. */
function endOfDescription(bytes, at) {
  const [FUNCTION, TABLE, MEMORY, GLOBAL] = [0, 1, 2, 3];
  switch (bytes[at]) {
    case FUNCTION: return readUnsigned(bytes, at + 1).next;
    case TABLE: return endOfLimits(bytes, at + 2);
    case MEMORY: return endOfLimits(bytes, at + 1);
    case GLOBAL: return at + 3;
    default: throw new Error('The module imports something of an unknown kind.');
  }
}

function endOfLimits(bytes, at) {
  const HAS_MOST = 1;
  const least = readUnsigned(bytes, at + 1).next;
  return bytes[at] & HAS_MOST ? readUnsigned(bytes, least).next : least;
}

function readName(bytes, at) {
  const length = readUnsigned(bytes, at);
  const next = length.next + length.value;
  return { text: bytes.toString('utf8', length.next, next), next };
}

function name(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(unsigned(bytes.length)), bytes]);
}

/** Reads an unsigned LEB128 number. */
function readUnsigned(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    value |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return { value: value >>> 0, next: at + 1 };
  }
}

/** Writes an unsigned LEB128 number. */
function unsigned(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
