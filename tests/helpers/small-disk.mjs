// A disk of its own that a test may fill; mounting one needs root on Linux.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why this machine can have none, or false. */
export const noDisk = reasonAgainst();
if (noDisk) console.error(`\n!!! THE FULL DISK IS LEFT OUT: ${noDisk}. Nothing of what it would test is tested.\n`);

function reasonAgainst() {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid() !== 0) return 'it needs root';
  return false;
}

const mounted = new Set();
process.on('exit', () => mounted.forEach(unmount));

function unmount(folder) {
  mounted.delete(folder);
  execFileSync('umount', ['--lazy', folder]);
  rmdirSync(folder);
}

/** A disk of that many MiB. */
export class SmallDisk {
  constructor(folder) {
    this.folder = folder;
  }

  static mount(t, { mebibytes }) {
    const folder = mkdtempSync(join(tmpdir(), 'ringback-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'ringback-test', folder]);
    mounted.add(folder);
    t.after(() => unmount(folder));
    return new SmallDisk(folder);
  }

  /** Takes what is left of it. */
  async fill() {
    const block = Buffer.alloc(4096);
    await writeFile(this.#filler, block);
    for (;;) {
      try {
        await writeFile(this.#filler, block, { flag: 'a' });
      } catch (error) {
        if (error.code === 'ENOSPC') return;
        throw error;
      }
    }
  }

  /** Gives back what was taken. */
  async empty() {
    await rm(this.#filler);
  }

  get #filler() {
    return join(this.folder, 'filler');
  }
}
