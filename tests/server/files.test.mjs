// The demo page and the npm package as files, and nothing else of the disk.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { TestServer } from '../helpers/server.mjs';

describe('files', () => {
  let server;
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ringback-files-'));
    await mkdir(join(folder, 'www'));
    await mkdir(join(folder, 'dist'));
    await mkdir(join(folder, 'www-secret'));
    await mkdir(join(folder, 'www', '.git'));
    await mkdir(join(folder, 'www', '.well-known'));
    await writeFile(join(folder, 'www', '.env'), 'a-secret');
    await writeFile(join(folder, 'www', '.git', 'config'), 'a-secret');
    await writeFile(join(folder, 'dist', '.env'), 'a-secret');
    await writeFile(join(folder, 'www', '.well-known', 'security.txt'), 'Contact: us');
    await writeFile(join(folder, 'www', 'index.html'), '<!doctype html><title>The page</title>');
    await writeFile(join(folder, 'dist', 'index.js'), 'export const here = true;');
    await writeFile(join(folder, 'dist', 'ringback_bg.wasm'), Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    await writeFile(join(folder, '.env'), 'a-secret');
    await writeFile(join(folder, 'www-secret', 'x.txt'), 'a-secret');
    server = await TestServer.start({ args: ['--www', join(folder, 'www'), '--package', join(folder, 'dist')] });
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Asks for a path exactly as it stands: `fetch` would tidy it up. */
  const raw = (path) => new Promise((resolve, reject) => {
    const ask = request({ host: '127.0.0.1', port: server.port, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    ask.on('error', reject).end();
  });

  test('the page is served at /, the package at /ringback/, each with its type', async () => {
    for (const [path, type] of [['/', /^text\/html/], ['/index.html', /^text\/html/], ['/ringback/index.js', /javascript/], ['/ringback/ringback_bg.wasm', /^application\/wasm/]]) {
      const { status, headers } = await raw(path);
      assert.equal(status, 200, path);
      assert.match(headers['content-type'], type, path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
    }
  });

  test('what is not there is 404', async () => {
    for (const path of ['/nothing', '/ringback/nothing.js', '/ringback', '/index.html/x']) {
      assert.ok([404, 301, 307, 308].includes((await raw(path)).status), path);
    }
  });

  test('a file whose name begins with a dot is not served, but what is well known', async () => {
    for (const path of ['/.env', '/%2eenv', '/%2Eenv', '/.git/config', '/%2egit%2fconfig', '/.git%2Fconfig', '/x/../.env', '/ringback/.env', '/ringback/%2eenv', '//.env', '/.well-known/../.env', '/.well-known/%2e%2e/.env']) {
      const { status, text } = await raw(path);
      assert.equal(status, 404, path);
      assert.doesNotMatch(text, /a-secret/, path);
    }
    assert.equal((await raw('/.well-known/security.txt')).text, 'Contact: us');
  });

  test('nothing outside the two folders is ever served', async () => {
    const ways = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..\\', '..%5c', '....//', './../', '%252e%252e%252f', '..%c0%af', '//'];
    const wanted = ['.env', 'www-secret/x.txt', 'etc/passwd'];
    for (const start of ['/', '/ringback/', '/api/../', '/x/']) {
      for (const way of ways) {
        for (const file of wanted) {
          for (const times of [1, 2, 8]) {
            const path = start + way.repeat(times) + file;
            const { text, status } = await raw(path);
            assert.doesNotMatch(text, /a-secret|root:/, path);
            assert.notEqual(status, 500, path);
          }
        }
      }
    }
  });
});
