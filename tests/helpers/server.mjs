// Runs the real server binary: on a free port, with a database of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../scripts/lib/ports.mjs';
import { JWT_SECRET, serviceToken, userToken } from './tokens.mjs';

export { freePort };

const READY_WITHIN_MS = 20_000;
const repository = fileURLToPath(new URL('../..', import.meta.url));
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
// A run that is interrupted takes its servers along: Node skips the line above when a signal ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** Finds the binary: `RINGBACK_SERVER`, else the newest of the debug and release builds. */
export function serverBinary() {
  const fromEnv = process.env.RINGBACK_SERVER;
  if (fromEnv) return fromEnv;
  const built = ['debug', 'release']
    .map((profile) => join(repository, 'target', profile, 'ringback-server'))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (built.length === 0) {
    throw new Error('no server binary: run `cargo build -p ringback-server`, or set RINGBACK_SERVER');
  }
  return built[0];
}

/**
 * Runs the binary to its end, for start-ups that are expected to fail.
 * @returns {Promise<{ code: number | null, signal: string | null, output: string }>}
 */
export async function runToEnd(args, { env = {}, cwd, withinMs = READY_WITHIN_MS } = {}) {
  const child = spawn(serverBinary(), args, { env: { PATH: process.env.PATH, ...env }, cwd });
  running.add(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  running.delete(child);
  return { code, signal, output };
}

/** A running server. It can be killed and started again on the same database and port. */
export class TestServer {
  #child = null;
  #settings;
  /** Everything it has printed, over all its lives. */
  log = '';

  constructor(settings) {
    this.#settings = settings;
  }

  /**
   * Starts a server and waits until it says that it is ready.
   * @param {object} [options]
   * @param {boolean} [options.dev] run with `--dev`
   * @param {string} [options.host] the address that it listens on, default 127.0.0.1
   * @param {number} [options.ringTimeoutMs]
   * @param {number} [options.reconnectGraceMs]
   * @param {Record<string, string>} [options.env] more environment
   * @param {string[]} [options.args] more flags
   * @param {string | null} [options.jwtSecret] null: set none
   * @param {string} [options.database] default: SQLite in a folder of its own
   * @param {Record<string, string>} [options.files] written into the folder that it runs in
   */
  static async start(options = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'ringback-test-'));
    const { host = '127.0.0.1' } = options;
    const port = await freePort(host);
    for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), text);
    const server = new TestServer({ ...options, host, folder, port });
    await server.restart();
    return server;
  }

  get port() {
    return this.#settings.port;
  }

  get url() {
    return `http://${this.#settings.host}:${this.port}`;
  }

  /** The folder that it runs in, with its database. */
  get folder() {
    return this.#settings.folder;
  }

  get pid() {
    return this.#child?.pid;
  }

  /** Whether the process lives. */
  get isRunning() {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until the log says that. */
  async logged(pattern) {
    const { stdout, stderr } = this.#child;
    while (!pattern.test(this.log)) {
      const ended = await Promise.race([once(stdout, 'data'), once(stderr, 'data'), once(this.#child, 'exit').then(() => 'ended')]);
      if (ended === 'ended') throw new Error(`the server ended without logging ${pattern}:\n${this.log}`);
    }
  }

  /** Starts the server (again) on the same database and port. */
  async restart() {
    const child = spawn(serverBinary(), this.#args(), { env: this.#env(), cwd: this.folder });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    await this.#ready(child);
  }

  /** Ends the process at once, without warning, and waits until it is gone. */
  async kill() {
    await this.#signal('SIGKILL');
  }

  /** Asks the process to end, waits until it has, and returns the exit code. */
  async terminate() {
    return this.#signal('SIGTERM');
  }

  /** Asks the process to end, without waiting. */
  requestStop() {
    this.#child.kill('SIGTERM');
  }

  /** Waits until the process has ended and returns the exit code. */
  async exited() {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  /** Ends the process and removes its folder. */
  async stop() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /**
   * Calls the REST API.
   * @returns {Promise<{ status: number, headers: Headers, body: any, text: string }>} `body` is the parsed JSON
   */
  async api(path, { method = 'GET', token, body, headers = {} } = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parseJson(text) };
  }

  /** Calls the REST API as a user. */
  async as(userId, path, options = {}) {
    return this.api(path, { ...options, token: await userToken(userId) });
  }

  /** Tells the server of a chat, as the host application does. Members are ids, or `{id, name, avatar}`. */
  async putChat(chatId, members, name) {
    const participants = members.map((member) =>
      typeof member === 'string' ? { id: member, name: nameOf(member) } : member,
    );
    const answer = await this.api(`/api/chats/${encodeURIComponent(chatId)}`, {
      method: 'PUT',
      token: await serviceToken(),
      body: { ...(name && { name }), participants },
    });
    if (!answer.body?.success) throw new Error(`the chat was refused: ${answer.status} ${answer.text}`);
    return chatId;
  }

  #args() {
    const { args = [], dev = false, host } = this.#settings;
    return ['--listen', `${host}:${this.port}`, ...(dev ? ['--dev'] : []), ...args];
  }

  #env() {
    const { env, jwtSecret = JWT_SECRET, ringTimeoutMs, reconnectGraceMs, database } = this.#settings;
    return {
      PATH: process.env.PATH,
      DATABASE_URL: database ?? `sqlite://${join(this.folder, 'ringback.sqlite')}`,
      ...(jwtSecret !== null && { JWT_SECRET: jwtSecret }),
      ...(ringTimeoutMs !== undefined && { RING_TIMEOUT_MS: String(ringTimeoutMs) }),
      ...(reconnectGraceMs !== undefined && { RECONNECT_GRACE_MS: String(reconnectGraceMs) }),
      ...env,
    };
  }

  #ready(child) {
    const before = this.log.length;
    let timer;
    const ready = new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`the server ${why}:\n${this.log}`));
      timer = setTimeout(() => fail('did not say that it is ready'), READY_WITHIN_MS);
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
      child.once('error', reject);
      const read = (chunk) => {
        if (process.env.RINGBACK_TEST_LOG) process.stderr.write(chunk);
        this.log += chunk;
        if (this.log.includes(`listens on ${this.url}`, before)) resolve();
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
    });
    return ready.finally(() => clearTimeout(timer));
  }

  async #signal(name) {
    const child = this.#child;
    if (!child) return null;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(name);
      await once(child, 'exit');
    }
    return child.exitCode;
  }
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The display name that a member gets when the test gives none: `bob` is Bob. */
export function nameOf(userId) {
  return userId.charAt(0).toUpperCase() + userId.slice(1);
}
