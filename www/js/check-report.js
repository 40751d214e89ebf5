/** How the report of the SDK's `preflight()` is told: pure. */

const TITLES = {
  browser: 'Browser',
  microphone: 'Microphone',
  camera: 'Camera',
  signaling: 'Server',
  stun: 'Direct path',
  turn: 'Relayed path',
};
const TONES = { ok: 'ok', warn: 'warn', fail: 'bad', skipped: 'none' };

/** Returns the lines for the steps that were taken, `{id, title, tone, text}`. */
export function linesOf(steps) {
  return steps
    .filter(({ name, status }) => !(name === 'camera' && status === 'skipped'))
    .map(({ name, status, message }) => ({ id: name, title: TITLES[name] ?? name, tone: TONES[status] ?? 'none', text: message }));
}

const VERDICTS = {
  ok: { tone: 'ok', text: 'You are ready to call' },
  warn: { tone: 'warn', text: 'Calls will work; something could be better' },
  fail: { tone: 'bad', text: 'Something keeps calls from working' },
};

/** Returns what all steps come to. */
export function verdictOf({ verdict }) {
  return VERDICTS[verdict] ?? VERDICTS.fail;
}
