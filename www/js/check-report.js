/** How the report of the SDK's `preflight()` is told: pure. */

const TITLES = {
  permission: 'Permission',
  microphone: 'Microphone',
  signaling: 'Server',
  stun: 'Direct path',
  turn: 'Relayed path',
};
const TONES = { ok: 'ok', warning: 'warn', failed: 'bad', skipped: 'none' };

/** Returns the lines of a report, `{id, title, tone, text}`. */
export function linesOf({ checks }) {
  return checks.map(({ name, status, message }) => ({ id: name, title: TITLES[name] ?? name, tone: TONES[status] ?? 'none', text: message }));
}

/** Returns what all lines come to. */
export function verdictOf(report) {
  const tones = linesOf(report).map(({ tone }) => tone);
  if (tones.includes('bad')) return { tone: 'bad', text: 'Something will keep calls from working well' };
  if (tones.includes('warn')) return { tone: 'warn', text: 'Calls will work; something could be better' };
  return { tone: 'ok', text: 'You are ready to call' };
}
