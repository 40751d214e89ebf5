// Reads the golden messages of `protocol/fixtures`.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../protocol/fixtures', import.meta.url));

/** Returns the fixtures of a kind (`client`, `server`, `ack`, `rest`), each with the name of its file. */
export function fixtures(kind) {
  return readdirSync(join(folder, kind))
    .sort()
    .map((file) => ({ file: basename(file, '.json'), ...read(join(kind, file)) }));
}

/** Returns the table of error codes. */
export const errorCodes = () => read('errors.json');

const read = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
