// The browsers that the tests run in, their drivers, and what the network lab of the tests is made of.
import { installDebian } from './debian.mjs';
import { which } from './paths.mjs';

const hasLab = process.platform === 'linux' && process.getuid() === 0;
const forLab = (...names) => () => (hasLab ? which(...names) : 'not needed');

const find = {
  chromium: () => process.env.CHROMIUM ?? which('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'),
  chromedriver: () => process.env.CHROMEDRIVER ?? which('chromedriver'),
  firefox: () => process.env.FIREFOX ?? which('firefox-esr', 'firefox'),
  // Without a sound card, Firefox does not run Web Audio: PulseAudio can be one that plays to nobody.
  pulseaudio: () => (process.platform === 'linux' ? which('pulseaudio') : 'not needed'),
  ip: forLab('ip'),
  iptables: forLab('iptables'),
  turnserver: () => which('turnserver'),
};
const debianPackages = {
  chromium: 'chromium',
  chromedriver: 'chromium-driver',
  firefox: 'firefox-esr',
  pulseaudio: 'pulseaudio',
  ip: 'iproute2',
  iptables: 'iptables',
  turnserver: 'coturn',
};

/** Finds Chromium, chromedriver and Firefox, installing them where that is possible; returns their paths. */
export async function installBrowsers() {
  const missing = Object.keys(find).filter((name) => !find[name]());
  const packages = Object.fromEntries(missing.map((name) => [name, debianPackages[name]]));
  await installDebian(packages, ', or set CHROMIUM, CHROMEDRIVER and FIREFOX to where they are');
  return Object.fromEntries(Object.entries(find).map(([name, path]) => [name, path()]));
}
