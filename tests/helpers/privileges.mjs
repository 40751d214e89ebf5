// What a test asks of the machine beyond what any user may: tried once, so that a test that cannot run says so.
import { execFileSync } from 'node:child_process';

/** Runs a command and returns what it writes. */
export const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

/** Why this machine does not let do what `attempt` does, said aloud, or false. */
export function whyNot(what, attempt) {
  const reason = reasonAgainst(attempt);
  if (reason) console.error(`\n!!! ${what} IS LEFT OUT: ${reason}. Nothing of what it would test is tested.\n`);
  return reason;
}

function reasonAgainst(attempt) {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid() !== 0) return 'it needs root';
  try {
    attempt();
    return false;
  } catch (error) {
    // Root in a container may lack the capability.
    const [said] = (error.stderr || error.message).trim().split('\n');
    return `root cannot do it here (${said})`;
  }
}
