// The npm packages: installed when they are missing or not those of the lockfile.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './paths.mjs';
import { run, step } from './run.mjs';

/** Installs the packages of a folder's lockfile, unless they are there. */
export async function installPackages(folder = root, what = 'npm packages') {
  if (areInstalled(folder)) return;
  // Nothing here needs an install script, so none gets to run.
  await step(`${what}: npm ci`, () => run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder }));
}

/** Tells whether what npm noted down as installed is what the lockfile asks for. */
function areInstalled(folder) {
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'));
  if (!installed) return false;
  const wanted = packagesOf(join(folder, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

const packagesOf = (lockfile) => (existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : null);
