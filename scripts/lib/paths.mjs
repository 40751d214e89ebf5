// Where things are. Node built-ins only: this runs before `npm ci`.
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where tools are kept that are built once: it outlives the checkout. */
export const cache = process.env.RINGBACK_CACHE ?? join(homedir(), '.cache', 'ringback');

/** Where cargo builds. */
export const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

/** Returns the folder that a tool of that version is installed to. */
export const toolFolder = (name, version) => join(cache, `${name}-${version}`);

/** Returns the path of the server binary of a cargo profile. */
export const serverBinary = (profile) => join(target, profile, `ringback-server${process.platform === 'win32' ? '.exe' : ''}`);

/** Returns the path of the first of these programs that is on the PATH, or null. */
export function which(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isExecutable) ?? null;
}

/** Returns the version of a crate in Cargo.lock. */
export function lockedVersion(crate) {
  const lock = readFileSync(join(root, 'Cargo.lock'), 'utf8');
  const found = lock.match(new RegExp(`name = "${crate}"\\r?\\nversion = "([^"]+)"`));
  if (!found) throw new Error(`Cargo.lock does not name ${crate}`);
  return found[1];
}

/** Tells whether a file is there and may be run. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return existsSync(path);
  } catch {
    return false;
  }
}
