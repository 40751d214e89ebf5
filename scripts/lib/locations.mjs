// Takes the places of panics out of a module: file names of the build machine, line numbers.

const DATA_SECTION = 11;
/** `core::panic::Location`: where its file name is, how long that is, line, column. */
const LOCATION_BYTES = 16;
const LINES = 100_000;
const COLUMNS = 1_000;

/**
 * Returns the module with the places of panics zeroed, which then compress to nothing.
 *
 * Only for a module whose panics trap at once: nothing reads them any more.
 */
export function blankLocations(wasm) {
  const module = Buffer.from(wasm);
  for (const segment of segmentsOf(module)) blankSegment(segment);
  return module;
}

function blankSegment({ address, bytes }) {
  const files = new Set();
  for (let at = 0; at + LOCATION_BYTES <= bytes.length; at += 4) {
    const file = fileOf(bytes, at, address);
    if (!file) continue;
    bytes.fill(0, at, at + LOCATION_BYTES);
    files.add(file);
  }
  for (const { start, end } of files) bytes.fill(0, start, end);
}

/** Returns where the file name of the location at that place is, if it is one. */
function fileOf(bytes, at, address) {
  const start = bytes.readUInt32LE(at) - address;
  const end = start + bytes.readUInt32LE(at + 4);
  if (start < 0 || end > bytes.length || end - start < 4) return null;
  const isPlace = within(bytes.readUInt32LE(at + 8), LINES) && within(bytes.readUInt32LE(at + 12), COLUMNS);
  return isPlace && bytes.toString('latin1', end - 3, end) === '.rs' ? { start, end } : null;
}

const within = (number, most) => number > 0 && number < most;

/** Returns the active data segments of a module, as views into it. */
function segmentsOf(module) {
  const reader = { module, at: 8 };
  while (reader.at < module.length) {
    const id = module[reader.at];
    reader.at += 1;
    const size = number(reader);
    if (id === DATA_SECTION) return Array.from({ length: number(reader) }, () => segment(reader));
    reader.at += size;
  }
  return [];
}

/** Reads one segment: its flags, `i32.const address`, `end`, and its bytes. */
function segment(reader) {
  if (number(reader) !== 0) throw new Error('a data segment is not an active one of the first memory');
  reader.at += 1;
  const address = number(reader);
  reader.at += 1;
  const size = number(reader);
  const bytes = reader.module.subarray(reader.at, reader.at + size);
  reader.at += size;
  return { address, bytes };
}

/** Reads a number in LEB128. */
function number(reader) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.module[reader.at];
    reader.at += 1;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
}
