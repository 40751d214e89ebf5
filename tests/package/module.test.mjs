// The WebAssembly module as it is published.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { blankLocations } from '../../scripts/lib/locations.mjs';

test('the published module names no file of the machine that built it', async () => {
  for (const part of ['ringback_bg', 'ringback_second']) {
    const module = await readFile(new URL(`../../dist/${part}.wasm`, import.meta.url), 'latin1');
    assert.deepEqual(module.match(/[\w./-]+\.rs/g), null, part);
  }
});

/** A module with one data segment at address 4096. */
function moduleWith(data) {
  const section = Buffer.concat([Buffer.from([1, 0, 0x41, 0x80, 0x20, 0x0b, data.length]), data]);
  return Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), Buffer.from([11, section.length]), section]);
}

test('the place of a panic is zeroed, and what only looks like one is kept', () => {
  const words = (...numbers) => Buffer.from(Uint32Array.from(numbers).buffer);
  const texts = Buffer.from('src/lib.rs  src/a.txt   ', 'latin1');
  const place = words(4096, 10, 7, 5);
  const other = words(4096 + 12, 9, 7, 5);
  const blanked = blankLocations(moduleWith(Buffer.concat([texts, place, other])));
  const expected = Buffer.concat([Buffer.alloc(10), texts.subarray(10), Buffer.alloc(16), other]);
  assert.deepEqual(blanked, moduleWith(expected));
});
