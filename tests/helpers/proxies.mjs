// Real proxies with the configurations of `deploy`, in front of real nodes.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import { freePort } from './server.mjs';

const run = promisify(execFile);
const READY_WITHIN_MS = 20_000;
const deploy = (path) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));

/** A proxy that runs, with what its clients have to trust. */
class Proxy {
  constructor(child, folder, port) {
    Object.assign(this, { child, folder, port, url: `https://localhost:${port}` });
  }

  async stop() {
    const ended = this.child.exitCode === null && this.child.signalCode === null ? once(this.child, 'exit') : null;
    this.child.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Caddy with our Caddyfile as it is: for localhost it signs a certificate of its own. */
export async function startCaddy(nodes) {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-caddy-'));
  const [port, plain] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder,
    HTTP_PORT: String(plain), HTTPS_PORT: String(port), RINGBACK_DOMAIN: 'localhost', RINGBACK_NODES: nodes.map(({ port: at }) => `127.0.0.1:${at}`).join(' '),
  };
  const child = spawn('caddy', ['run', '--config', deploy('caddy/Caddyfile'), '--adapter', 'caddyfile'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const proxy = new Proxy(child, folder, port);
  await listening(child, port);
  proxy.ca = await untilThere(join(folder, 'caddy/pki/authorities/local/root.crt'));
  return proxy;
}

/** nginx with our configuration; the addresses of nodes and certificate are those of the test. */
export async function startNginx(nodes) {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-nginx-'));
  const port = await freePort();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate,
    '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
  await mkdir(join(folder, 'logs'));
  const ours = await readFile(deploy('nginx/ringback.conf'), 'utf8');
  const places = ['127.0.0.1:3000', '127.0.0.1:3010', '127.0.0.1:3020'];
  const replaced = [['listen 443', `listen 127.0.0.1:${port}`], ['calls.example.com;', 'localhost;'], [/\/etc\/letsencrypt\S+fullchain\.pem/, certificate],
    [/\/etc\/letsencrypt\S+privkey\.pem/, key], ...places.map((place, n) => [place, `127.0.0.1:${nodes[n].port}`])];
  const site = replaced.reduce((text, [from, to]) => text.replace(from, to), ours);
  // What it tells the operator to set outside.
  const outside = [...ours.matchAll(/^# {3}(.*;.*)$/gm)].map(([, line]) => line).join('\n');
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n');
  const config = join(folder, 'nginx.conf');
  await writeFile(config, `daemon off;\nuser root;\npid ${join(folder, 'pid')};\nerror_log stderr;\n${outside}\nhttp {\naccess_log off;\n${folders}\n${site}\n}\n`);
  const checked = await run('nginx', ['-t', '-p', folder, '-c', config]);
  const child = spawn('nginx', ['-p', folder, '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const proxy = new Proxy(child, folder, port);
  proxy.checked = checked.stderr;
  await listening(child, port);
  proxy.ca = await readFile(certificate, 'utf8');
  return proxy;
}

/** Waits until the port takes connections; fails with what the proxy said when it ends before. */
async function listening(child, port) {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const until = Date.now() + READY_WITHIN_MS;
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the proxy does not listen:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isOpen(port) {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

async function untilThere(path) {
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text) return text;
    if (Date.now() > until) throw new Error(`${path} was not made`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
