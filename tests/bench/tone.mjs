import { writeFile } from 'node:fs/promises';

const RATE = 48_000;
const SECONDS = 10;

/** Writes a WAV file with a steady tone: Chromium's own fake microphone is silent most of the time. */
export async function writeTone(path, hertz = 440) {
  const samples = RATE * SECONDS;
  const wav = Buffer.alloc(44 + samples * 2);
  writeHeader(wav, samples);
  for (let i = 0; i < samples; i += 1) {
    wav.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * hertz * i) / RATE)), 44 + i * 2);
  }
  await writeFile(path, wav);
}

function writeHeader(wav, samples) {
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
}
