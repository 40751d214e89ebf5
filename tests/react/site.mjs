// The application of these tests, as its developer runs it: by Vite's server, with hot reload.
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { createServer } from 'vite';

const pathOf = (path) => fileURLToPath(new URL(path, import.meta.url));

export class Site {
  constructor(folder, vite) {
    this.folder = folder;
    this.vite = vite;
    this.url = `http://127.0.0.1:${vite.httpServer.address().port}`;
  }

  /** Serves a copy of the application, which a test may edit. */
  static async start() {
    const folder = await mkdtemp(join(tmpdir(), 'ringback-react-'));
    await cp(pathOf('app'), folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
    await mkdir(join(folder, 'node_modules'));
    const root = pathOf('../..');
    await symlink(root, join(folder, 'node_modules/ringback'));
    for (const name of ['react', 'react-dom']) await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    const vite = await createServer({
      root: folder,
      configFile: false,
      logLevel: 'error',
      plugins: [react(), prerendered()],
      server: { host: '127.0.0.1', port: 0, fs: { allow: [folder, root] } },
    });
    await vite.listen();
    return new Site(folder, vite);
  }

  /** Changes the source of the application, as its developer would. */
  async edit(name, from, to) {
    const path = join(this.folder, name);
    const source = await readFile(path, 'utf8');
    if (!source.includes(from)) throw new Error(`${name} does not have ${from}`);
    // In one step: Vite must not read half a file.
    await writeFile(`${this.folder}.edit`, source.replace(from, to));
    await rename(`${this.folder}.edit`, path);
  }

  async stop() {
    await this.vite.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** `?prerendered` in the address: the page comes with the markup that React made on the server. */
function prerendered() {
  return {
    name: 'prerendered',
    transformIndexHtml: {
      order: 'pre',
      async handler(html, { originalUrl, server }) {
        const given = new URL(originalUrl, 'http://site').searchParams;
        if (!given.has('prerendered')) return html;
        const { App } = await server.ssrLoadModule('/App.jsx');
        const props = { url: given.get('url'), token: given.get('token'), members: given.get('members').split(',') };
        return html.replace('<!--rendered-->', renderToString(createElement(App, props)));
      },
    },
  };
}
