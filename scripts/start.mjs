// `npm start`: from a fresh clone to a running server with the demo page.
//
// Flags go to the server: `npm start -- --listen 127.0.0.1:4000`. PORT is understood too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { buildSdk, buildServer } from './build.mjs';
import { root, serverBinary } from './lib/paths.mjs';
import { main } from './lib/run.mjs';
import { setupBuild } from './setup.mjs';

const PORT = process.env.PORT ?? '3000';

await main(async () => {
  await setupBuild();
  await buildSdk();
  await buildServer('release');
  await serve(process.argv.slice(2));
});

async function serve(flags) {
  mkdirSync(join(root, 'data'), { recursive: true });
  const args = ['--dev', ...unlessGiven(flags, '--listen', `127.0.0.1:${PORT}`), ...unlessGiven(flags, '--database', 'sqlite://data/ringback.sqlite'), ...flags];
  const server = spawn(serverBinary('release'), args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal));
  const url = `http://${valueOf(args, '--listen')}`;
  const ended = once(server, 'exit');
  const started = await Promise.race([answers(url), ended.then(() => false)]);
  if (started) console.log(`\nRingback is ready: ${url}\nOpen it in two windows, join the same room, and call.`);
  const [code] = await ended;
  process.exitCode = code ?? 0;
}

/** A flag and its default, or nothing when the flag was given. */
function unlessGiven(flags, flag, value) {
  return valueOf(flags, flag) === undefined ? [flag, value] : [];
}

function valueOf(flags, flag) {
  const joined = flags.find((given) => given.startsWith(`${flag}=`));
  if (joined) return joined.slice(flag.length + 1);
  const at = flags.indexOf(flag);
  return at < 0 ? undefined : flags[at + 1];
}

/** Resolves with true once the server answers. */
async function answers(url) {
  for (;;) {
    const response = await fetch(`${url}/healthz`).catch(() => null);
    if (response?.ok) return true;
    await delay(50);
  }
}
