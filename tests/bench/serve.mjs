import { fork, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { freePort } from '../../scripts/lib/ports.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
export const root = join(here, '..', '..');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Serves the benchmark page at `/`, and `dist/` at `/ringback/`, with caching allowed. */
export async function servePage() {
  const bundle = await bundlePage();
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    try {
      const body = path === '/main.js' ? bundle : await readFile(fileFor(path));
      response.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'text/html',
        'cache-control': 'max-age=3600',
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

function fileFor(path) {
  if (path.startsWith('/ringback/')) return join(root, 'dist', path.slice('/ringback/'.length));
  return join(here, 'page', path === '/' ? 'index.html' : path);
}

async function bundlePage() {
  const result = await build({
    entryPoints: [join(here, 'page', 'main.js')],
    bundle: true,
    format: 'iife',
    minify: true,
    write: false,
    logLevel: 'error',
  });
  return result.outputFiles[0].contents;
}

/** Starts the signaling servers of the other contenders. */
export async function startRelay() {
  const child = fork(join(here, 'relay.mjs'));
  const ports = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
  });
  return { ...ports, close: () => child.disconnect() };
}

/** Starts `ringback-server --dev` on a free port and a fresh database. */
export async function startRingback(binary, folder) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ['--dev', '--listen', `127.0.0.1:${port}`, '--database', `sqlite://${folder}/calls.sqlite`, '--calls-per-minute', '10000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log = `${log}${text}`.slice(-4000)));
  const ended = new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ringback-server ended with ${code}:\n${log}`)));
  });
  ended.catch(() => {});
  await Promise.race([answering(`${url}/healthz`), ended]);
  return { url, close: () => child.kill('SIGTERM') };
}

async function answering(url) {
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Signs a user in by the development endpoint and returns the token. */
export async function signIn(url, chatId, userId) {
  const response = await fetch(`${url}/api/dev/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ chatId, userId }),
  });
  const body = await response.json();
  const token = body.data?.token ?? body.token;
  if (!token) throw new Error(`no token from /api/dev/join: ${JSON.stringify(body)}`);
  return token;
}
