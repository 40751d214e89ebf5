// The web site of an application: its own pages, and the npm package as it was built.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css', '.json': 'application/json' };
const FOLDERS = {
  '/ringback/': join(root, 'dist'),
  '/socket.io-client.js': join(root, 'node_modules/socket.io-client/dist/socket.io.esm.min.js'),
  '/': join(root, 'tests/e2e/pages'),
};

/** Serves folders by the start of the path, on a free port; returns its URL and how to stop it. */
export async function serve(folders = FOLDERS, host = '127.0.0.1') {
  const server = createServer((request, response) => void answer(folders, request, response));
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

async function answer(folders, request, response) {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://site').pathname));
  const prefix = Object.keys(folders).find((start) => path.startsWith(start));
  const file = join(folders[prefix] ?? '', path.slice(prefix?.length));
  try {
    const body = await readFile(prefix === path ? folders[prefix] : file);
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? TYPES[extname(path)] ?? 'text/plain' }).end(body);
  } catch {
    response.writeHead(404).end('not found');
  }
}
