import { createRequire } from 'node:module';
import { cpus, release, totalmem, type, loadavg } from 'node:os';

const require = createRequire(import.meta.url);
const PACKAGES = ['peerjs', 'peer', 'simple-peer', 'socket.io', 'socket.io-client', 'livekit-client', '@twilio/voice-sdk'];

/** Describes where the figures come from. */
export async function machine(browser, date) {
  const processors = cpus();
  return {
    date: date.toISOString().slice(0, 10),
    cpu: `${processors[0].model.trim()}, ${processors.length} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release().split('-')[0]}`,
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
