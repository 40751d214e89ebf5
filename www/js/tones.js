/** Ring and ring-back tones, made by oscillators: no sound files. */

import { audioContext, maySound, unlockAudio } from './audio.js';

/** A tone is a pattern of notes `{at, length, frequencies, peak}` that repeats every `period` seconds. */
const TONES = {
  // The tone a caller hears: 440 and 480 Hz together, as in North America, but shorter and softer.
  outgoing: { period: 4, notes: [{ at: 0, length: 1.6, frequencies: [440, 480], peak: 0.035 }] },
  incoming: {
    period: 3,
    notes: [0, 0.18, 0.36, 0.9, 1.08, 1.26].map((at, index) => ({
      at,
      length: 0.5,
      frequencies: [[659.3, 784, 987.8][index % 3]],
      peak: 0.09,
    })),
  },
};

/** Returns a player: `play('outgoing' | 'incoming' | null)`; asking for what plays changes nothing. */
export function createTones() {
  let name = null;
  let stop = () => undefined;
  return {
    play(next) {
      if (next === name) return;
      stop();
      name = next;
      stop = next && maySound() ? loop(TONES[next]) : () => undefined;
    },
    /** Two soft notes into a call that goes on: another one rings. */
    knock() {
      if (!maySound() || audioContext().state !== 'running') return;
      for (const at of [0, 0.22]) sound(audioContext(), audioContext().destination, { at, length: 0.3, frequencies: [587.3], peak: 0.05 });
    },
  };
}

function loop(tone) {
  unlockAudio();
  const context = audioContext();
  const out = new GainNode(context);
  out.connect(context.destination);
  const cycle = () => {
    // While the context is suspended its clock stands still and the notes would pile up.
    if (context.state === 'running') for (const note of tone.notes) sound(context, out, note);
  };
  cycle();
  context.addEventListener('statechange', cycle);
  const timer = setInterval(cycle, tone.period * 1000);
  return () => {
    clearInterval(timer);
    context.removeEventListener('statechange', cycle);
    out.gain.setTargetAtTime(0, context.currentTime, 0.02);
    setTimeout(() => out.disconnect(), 200);
  };
}

function sound(context, out, { at, length, frequencies, peak }) {
  const start = context.currentTime + at;
  const envelope = new GainNode(context, { gain: 0 });
  envelope.gain.setValueAtTime(0, start);
  envelope.gain.linearRampToValueAtTime(peak, start + 0.02);
  if (length > 1) envelope.gain.setValueAtTime(peak, start + length - 0.05);
  envelope.gain.linearRampToValueAtTime(0, start + length);
  envelope.connect(out);
  for (const frequency of frequencies) {
    const oscillator = new OscillatorNode(context, { frequency, type: 'sine' });
    oscillator.connect(envelope);
    oscillator.start(start);
    oscillator.stop(start + length);
    oscillator.onended = () => oscillator.disconnect();
  }
}
