// The browsers that the tests run in, and their drivers.
import { existsSync } from 'node:fs';

import { which } from './paths.mjs';
import { Stop, run, step } from './run.mjs';

const find = {
  chromium: () => process.env.CHROMIUM ?? which('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'),
  chromedriver: () => process.env.CHROMEDRIVER ?? which('chromedriver'),
  firefox: () => process.env.FIREFOX ?? which('firefox-esr', 'firefox'),
  // Without a sound card, Firefox does not run Web Audio: PulseAudio can be one that plays to nobody.
  pulseaudio: () => (process.platform === 'linux' ? which('pulseaudio') : 'not needed'),
};
const debianPackages = { chromium: 'chromium', chromedriver: 'chromium-driver', firefox: 'firefox-esr', pulseaudio: 'pulseaudio' };

/** Finds Chromium, chromedriver and Firefox, installing them where that is possible; returns their paths. */
export async function installBrowsers() {
  const missing = Object.keys(find).filter((name) => !find[name]());
  if (missing.length > 0) await install(missing.map((name) => debianPackages[name]));
  return Object.fromEntries(Object.entries(find).map(([name, path]) => [name, path()]));
}

async function install(packages) {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new Stop(
      `For the browser tests, install ${packages.join(', ')} (Debian: \`sudo apt-get install ${packages.join(' ')}\`), ` +
        'or set CHROMIUM, CHROMEDRIVER and FIREFOX to where they are.',
    );
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await step('package lists: apt-get update', () => run('apt-get', ['update', '-qq'], { env }));
  await step(`browsers: ${packages.join(', ')}`, () => run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env }));
}
