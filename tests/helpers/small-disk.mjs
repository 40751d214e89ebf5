// A disk of its own that a test may fill; mounting one needs root on Linux.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, whyNot } from './privileges.mjs';

/** Why this machine can have none, or false. */
export const noDisk = whyNot('THE FULL DISK', () => unmount(mount(1)));

function mount(mebibytes) {
  const folder = mkdtempSync(join(tmpdir(), 'ringback-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'ringback-test', folder);
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return folder;
}

function unmount(folder) {
  run('umount', '--lazy', folder);
  rmdirSync(folder);
}

const mounted = new Set();
process.on('exit', () => mounted.forEach(unmount));

/** A disk of that many MiB. */
export class SmallDisk {
  constructor(folder) {
    this.folder = folder;
  }

  static mount(t, { mebibytes }) {
    const folder = mount(mebibytes);
    mounted.add(folder);
    t.after(() => {
      mounted.delete(folder);
      unmount(folder);
    });
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
