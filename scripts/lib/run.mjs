// Runs programs and says what takes time. Node built-ins only: this runs before `npm ci`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { root } from './paths.mjs';

/** A failure that needs no stack trace: the message says all. */
export class Stop extends Error {}

/** Runs a program in the checkout, its output to the terminal; fails when it fails. */
export async function run(command, args, { env, cwd = root } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'], shell: needsShell(command) });
  const [code, signal] = await finished(child, command);
  if (code !== 0) throw new Stop(`\`${[command, ...args].join(' ')}\` failed (${signal ?? code})`);
}

/** Runs a program in the checkout and returns its exit code and what it printed; `show` prints it too. */
export async function capture(command, args, { env, cwd = root, show = false } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], shell: needsShell(command) });
  let output = '';
  const take = (sink) => (chunk) => {
    output += chunk;
    if (show) sink.write(chunk);
  };
  child.stdout.setEncoding('utf8').on('data', take(process.stdout));
  child.stderr.setEncoding('utf8').on('data', take(process.stderr));
  const [code] = await finished(child, command, 'close');
  return { code, output };
}

/** Says what is being done, does it, and says how long it took. */
export async function step(what, work) {
  console.log(`• ${what}`);
  const started = Date.now();
  const result = await work();
  console.log(`  done in ${seconds(Date.now() - started)}`);
  return result;
}

/** Runs the main function of a script; a `Stop` ends it with its message alone. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Stop ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Returns a duration for a person. */
export const seconds = (ms) => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`);

async function finished(child, command, event = 'exit') {
  try {
    return await once(child, event);
  } catch (error) {
    throw new Stop(`\`${command}\` could not be run: ${error.message}`);
  }
}

const needsShell = (command) => process.platform === 'win32' && command === 'npm';
