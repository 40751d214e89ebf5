// `npm start`: from a fresh clone to a running server with the demo page.
//
// Flags go to the server: `npm start -- --listen 127.0.0.1:4000`. PORT is understood too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { buildSdk, buildServer } from './build.mjs';
import { root, serverBinary } from './lib/paths.mjs';
import { main } from './lib/run.mjs';
import { setupBuild } from './setup.mjs';

const LISTENS = /listens on (http:\/\/\S+)/;

await main(async () => {
  await setupBuild();
  await buildSdk();
  await buildServer('local');
  await serve(process.argv.slice(2));
});

async function serve(flags) {
  const listen = process.env.PORT ? ['--listen', `127.0.0.1:${process.env.PORT}`] : [];
  // A second call rings during the first: the demo page shows both.
  const args = ['--dev', ...(flags.includes('--call-waiting') ? [] : ['--call-waiting']), ...(flags.some((flag) => flag.startsWith('--listen')) ? [] : listen), ...flags];
  // In a process group of its own: Ctrl-C reaches the server once, from here, and not a second
  // time from the terminal, which would cut its shutdown short.
  const server = spawn(serverBinary('release'), args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = once(server, 'exit');
  forwardSignals(server);
  endWithParent(server);
  server.stdout.pipe(process.stdout);
  await Promise.race([sayReady(server), ended]);
  const [code] = await ended;
  process.exitCode = code ?? 0;
}

/** Once the server answers, says where: as the last line, where it is seen. */
async function sayReady(server) {
  const url = await addressOf(server);
  await fetch(`${url}/healthz`);
  console.log(`\nRingback is ready: open ${url} in two windows, join the same room, and call.`);
}

function addressOf(server) {
  let output = '';
  return new Promise((resolve) => {
    server.stdout.on('data', (chunk) => {
      output += chunk;
      const found = output.match(LISTENS);
      if (found) resolve(found[1]);
    });
  });
}

/** Passes signals on, each once: npm passes on a Ctrl-C that the terminal has sent here already. */
function forwardSignals(server) {
  let last = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (Date.now() - last > 300) server.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
      last = Date.now();
    });
  }
}

/** Ends the server when npm is gone: killed, it does not pass that on through the shell between. */
function endWithParent(server) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    server.kill('SIGTERM');
  }, 500);
  timer.unref();
}
