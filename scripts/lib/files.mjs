// Finds test files.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Stop } from './run.mjs';

/** Returns the test files of a folder, in order; there must be some. */
export function testFiles(folder) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort() : [];
  if (names.length === 0) throw new Stop(`there is no test in ${folder}`);
  return names.map((name) => join(folder, name));
}
