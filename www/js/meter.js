/** Level meters: write `--level` (0 to 1) on every `[data-meter="<name>"]` element while streams are live. */

import { audioContext, maySound } from './audio.js';

const STEP_MS = 80;
/** What counts as silence and as full scale, in decibels. */
const FLOOR_DB = -58;
const CEILING_DB = -14;

/** Paints how loud others are, as the SDK's `levels` tells: amplitudes from 0 to 1 by user id. */
export function paintLevels(levels) {
  for (const { userId, level: amplitude } of levels) paint(`remote-${userId}`, scaled(20 * Math.log10(amplitude + 1e-6)));
}

/** Returns the meters: `show({name: MediaStream})` replaces what is measured. */
export function createMeters() {
  const taps = new Map();
  let timer = null;

  function tick() {
    for (const [name, tap] of taps) paint(name, level(tap));
  }

  function show(streams) {
    for (const [name, tap] of taps) {
      if (streams[name] === tap.stream) continue;
      tap.source.disconnect();
      taps.delete(name);
    }
    for (const [name, stream] of Object.entries(streams)) {
      if (stream && maySound() && !taps.has(name) && stream.getAudioTracks().length > 0) taps.set(name, tapOf(stream));
    }
    if (taps.size > 0) timer ??= setInterval(tick, STEP_MS);
    else timer = clearInterval(timer) ?? null;
  }

  return { show };
}

function tapOf(stream) {
  const context = audioContext();
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  source.connect(analyser);
  return { stream, source, analyser, samples: new Float32Array(analyser.fftSize) };
}

function level({ analyser, samples }) {
  analyser.getFloatTimeDomainData(samples);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return scaled(10 * Math.log10(power + 1e-12));
}

const scaled = (db) => Math.min(1, Math.max(0, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));

function paint(name, value) {
  for (const element of document.querySelectorAll(`[data-meter="${CSS.escape(name)}"]`)) {
    element.style.setProperty('--level', value.toFixed(2));
  }
}
