import { createRequire } from 'node:module';
import { cpus, release, totalmem, type, loadavg } from 'node:os';

const require = createRequire(import.meta.url);
const PACKAGES = ['peerjs', 'peer', 'simple-peer', 'socket.io', 'socket.io-client', 'livekit-client', '@twilio/voice-sdk'];

const processor = () => `${cpus()[0].model.trim()}, ${cpus().length} cores`;
const memory = () => `${Math.round(totalmem() / 2 ** 30)} GiB`;
const system = () => `${type()} ${release().split('-')[0]}`;

/** Describes the machine in a line, with the versions of packages that matter. */
export function hardware(...packages) {
  const versions = packages.map((name) => `${name} ${versionOf(name)}; `).join('');
  return `${processor()}, ${memory()}, ${system()}; Node ${process.version}; ${versions}load average ${loadavg()[0].toFixed(1)}`;
}

/** Describes where the figures come from. */
export async function machine(browser, date) {
  return {
    date: date.toISOString().slice(0, 10),
    cpu: processor(),
    memory: memory(),
    system: system(),
    load: loadavg()[0].toFixed(1),
    browser: await browser.version(),
    node: process.version,
    versions: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

/** Not every package exports its `package.json`, so it is looked for on disk. */
export function versionOf(name) {
  for (const folder of require.resolve.paths(name)) {
    try {
      return require(`${folder}/${name}/package.json`).version;
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`${name} is not installed`);
}
