// Serves the demo page over a fake package and a fake server, and puts it into a scene.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { answer } from './rest.mjs';
import { SCENES } from './scenes.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
// As the server sends it, so that nothing works here that would not work there.
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' https: data:; media-src 'self' blob: mediastream:";

/** Starts the site; returns its URL and how to stop it. */
export async function openGallery() {
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) };
}

async function serve(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://gallery');
  const path = normalize(decodeURIComponent(pathname));
  if (path.startsWith('/api/')) return json(response, answer(path, searchParams.get('chatId')));
  const file = path === '/ringback/index.js' ? join(root, 'tests/www/gallery/fake-package.js') : join(root, 'www', path === '/' ? 'index.html' : path);
  const body = await readFile(file).catch(() => null);
  response.writeHead(body ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'text/plain', 'content-security-policy': POLICY }).end(body ?? 'not found');
}

function json(response, body) {
  response.writeHead(body?.success === false ? 500 : body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? { success: false, code: 'CALL_NOT_FOUND', error: 'There is no such call.' }));
}

/** Opens a scene in a page and returns once it is there. */
export async function enter(page, url, name) {
  const { query, hash = '', joined, act, clicks = [], opens, shows } = SCENES[name];
  await page.goto(`${url}/?${query}${hash}`);
  if (joined) {
    await page.locator('[data-testid=join-submit]').click();
    await page.waitForSelector('.room');
    if (!hash) await page.waitForSelector('[data-testid^=member-]');
  }
  if (act) await page.evaluate(act);
  if (opens) await openMenu(page, opens);
  for (const id of clicks) await page.locator(`[data-testid=${id}]`).click();
  await page.waitForSelector(`[data-testid=${shows}]`, { timeout: 8000 });
}

/** On a phone some menus are behind "More". */
async function openMenu(page, kind) {
  await page.waitForSelector('[data-testid=open-more]');
  if (await page.$(`[data-testid=open-${kind}]`)) return page.locator(`[data-testid=open-${kind}]`).click();
  await page.locator('[data-testid=open-more]').click();
  return page.locator(`[data-testid=menu-${kind}]`).click();
}
