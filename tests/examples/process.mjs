// Runs the server of an example, as its README says to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The folder of an example. */
export const folderOf = (example) => fileURLToPath(new URL(`../../examples/${example}`, import.meta.url));

/** Starts a script of an example and waits until it says that; returns how to stop it. */
export async function start(example, script, env, says) {
  const child = spawn(process.execPath, [script], { cwd: folderOf(example), env: { PATH: process.env.PATH, ...env } });
  running.add(child);
  let printed = '';
  await new Promise((resolve, reject) => {
    const read = (chunk) => {
      printed += chunk;
      if (printed.includes(says)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`${example} ended with ${code}:\n${printed}`)));
  });
  return async () => {
    child.removeAllListeners('exit');
    child.kill();
    await once(child, 'exit');
    running.delete(child);
  };
}
