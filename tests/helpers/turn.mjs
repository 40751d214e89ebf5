// Runs a real coturn: on a free port of this machine or in a network namespace, with a name and a password.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './server.mjs';

const USER = 'ringback';
const PASSWORD = 'relay-me';
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts coturn; it answers as STUN server too.
 * @param {string[]} [args] more flags of `turnserver`
 * @param {{ host?: string, port?: number, inside?: string[] }} [where] its address; `inside`: the command that runs it elsewhere
 * @returns {Promise<{ env: Record<string, string>, wrong: Record<string, string>, port: number, stop: () => Promise<void> }>}
 *   `env` is what a ringback-server needs to hand it out, `wrong` the same with another password
 */
export async function startTurn(args = [], { host = '127.0.0.1', port, inside = [] } = {}) {
  port ??= await freePort(host);
  const folder = await mkdtemp(join(tmpdir(), 'ringback-turn-'));
  const [command, ...flags] = [
    ...inside, 'turnserver', '-n', '--no-cli', '--no-tls', '--no-dtls', '--log-file=stdout', `--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'db')}`,
    `--listening-ip=${host}`, `--relay-ip=${host}`, `--listening-port=${port}`, '--allow-loopback-peers',
    '--lt-cred-mech', `--user=${USER}:${PASSWORD}`, '--realm=ringback.test', ...args,
  ];
  const child = spawn(command, flags, { cwd: folder, stdio: 'ignore' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  await listening(child, port, host);
  const env = {
    STUN_SERVER: `stun:${host}:${port}`,
    TURN_SERVER: `turn:${host}:${port}`,
    TURN_USERNAME: USER,
    TURN_CREDENTIAL: PASSWORD,
  };
  return {
    port,
    env,
    wrong: { ...env, TURN_CREDENTIAL: 'another password' },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the port takes connections: coturn prints nothing that says so. */
async function listening(child, port, host) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`coturn ended with ${child.exitCode}`);
    const socket = connect(port, host);
    const opened = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (opened) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
