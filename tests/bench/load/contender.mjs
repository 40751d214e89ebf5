// A server under load: ours, or the one on Node, with what its process costs.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../../scripts/lib/ports.mjs';

export const RINGBACK = 'ringback';
export const NODE = 'node';

const SECRET = 'the-secret-of-the-load-measurements-0123456789';
/** The kernel counts process time in these. */
const TICKS_PER_SECOND = 100;
const baseline = fileURLToPath(new URL('../baseline.mjs', import.meta.url));
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Contender {
  secret = SECRET;
  #child;

  constructor(kind, settings) {
    Object.assign(this, settings, { kind });
  }

  /** Starts a server that knows the chats `c0`, `c1`, ... of `a0` and `b0`, `a1` and `b1`, ... */
  static async start(kind, { binary, chats }) {
    const folder = await mkdtemp(join(tmpdir(), 'ringback-load-'));
    const contender = new Contender(kind, { binary, chats, folder, port: await freePort() });
    await contender.#launch();
    if (kind === RINGBACK) await contender.#putChats();
    return contender;
  }

  /** Kills the process and starts it again on the same port and database. */
  async restart() {
    await this.#end();
    await this.#launch();
  }

  async stop() {
    await this.#end();
    await rm(this.folder, { recursive: true, force: true });
  }

  get pid() {
    return this.#child.pid;
  }

  /** The time that the process spent on processors so far, its own and the kernel's for it. */
  async cpuSeconds() {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** The memory of the process in bytes; Node collects its garbage first. */
  async memory() {
    if (this.kind === NODE) {
      this.#child.kill('SIGUSR2');
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) * 1024;
  }

  async #launch() {
    const [command, args, env] = this.kind === RINGBACK
      ? [this.binary, ['--listen', `127.0.0.1:${this.port}`], { DATABASE_URL: `sqlite://${join(this.folder, 'calls.db')}` }]
      : [process.execPath, ['--expose-gc', baseline], { PORT: this.port, DATABASE: join(this.folder, 'calls.db'), CHATS: this.chats, NODE_ENV: 'production' }];
    const child = spawn(command, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'inherit'], env: { ...env, JWT_SECRET: SECRET, CALLS_PER_MINUTE: '1000000', RUST_LOG: 'error' } });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) if (String(chunk).includes(this.port)) return;
    throw new Error(`${this.kind} did not start`);
  }

  async #putChats() {
    const token = signed({ role: 'service', sub: 'host' });
    for (let first = 0; first < this.chats; first += 50) {
      const some = Array.from({ length: Math.min(50, this.chats - first) }, (_, n) => first + n);
      await Promise.all(some.map(async (n) => {
        const body = JSON.stringify({ participants: [`a${n}`, `b${n}`].map((id) => ({ id, name: id })) });
        const answer = await fetch(`http://127.0.0.1:${this.port}/api/chats/c${n}`, { method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body });
        if (!answer.ok) throw new Error(await answer.text());
      }));
    }
  }

  async #end() {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function signed(claims) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...claims, exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}
