// A sound card that plays to nobody: without one, Firefox does not run Web Audio at all.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let running = null;

/** Starts PulseAudio with a null sink, once; returns the environment that makes a program use it. */
export async function soundCard() {
  if (process.platform !== 'linux') return {};
  running ??= start();
  return running;
}

async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'ringback-sound-'));
  const socket = join(folder, 'native');
  const daemon = spawn('pulseaudio', flags(socket), { env: { PATH: process.env.PATH, HOME: folder, XDG_RUNTIME_DIR: folder }, stdio: 'ignore' });
  process.on('exit', () => {
    daemon.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const failed = once(daemon, 'exit').then(([code]) => Promise.reject(new Error(`pulseaudio ended with ${code}`)));
  await Promise.race([appears(folder, socket), failed]);
  failed.catch(() => {});
  daemon.unref();
  return { PULSE_SERVER: `unix:${socket}` };
}

const flags = (socket) => [
  '--daemonize=no',
  '--exit-idle-time=-1',
  '--use-pid-file=no',
  '-n',
  '--load=module-null-sink',
  `--load=module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
];

function appears(folder, socket) {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => existsSync(socket) && done());
    const done = () => {
      watcher.close();
      resolve();
    };
    if (existsSync(socket)) done();
  });
}
