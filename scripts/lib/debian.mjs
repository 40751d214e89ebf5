// Packages of the distribution that tests need: installed where that is possible.
import { existsSync } from 'node:fs';

import { Stop, run, step } from './run.mjs';

/**
 * Installs Debian packages.
 * @param {Record<string, string | null>} missing what is missing, and the package that brings it; null: it is there
 * @param {string} [otherwise] what else the person may do
 */
export async function installDebian(missing, otherwise = '') {
  const packages = Object.values(missing).filter((name) => name !== null);
  if (packages.length === 0) return;
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new Stop(`For the tests, install ${packages.join(', ')} (Debian: \`sudo apt-get install ${packages.join(' ')}\`)${otherwise}.`);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step('package lists: apt-get update', () => run('apt-get', ['update', '-qq'], { env }));
  await step(`packages: ${packages.join(', ')}`, () => run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env }));
}
