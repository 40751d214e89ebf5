// A project that has installed the packed package, and nothing else of this repository.
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

export class Consumer {
  constructor(folder, packed) {
    this.folder = folder;
    /** What `npm pack` says: `files`, `size`, `name`, `version`. */
    this.packed = packed;
  }

  /** Packs the package as for publishing, and installs it into an empty project. */
  static async create() {
    const folder = await mkdtemp(join(tmpdir(), 'ringback-consumer-'));
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
    const report = JSON.parse(stdout);
    const [packed] = Array.isArray(report) ? report : Object.values(report);
    const consumer = new Consumer(folder, packed);
    await consumer.write('package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }));
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`], { cwd: folder });
    return consumer;
  }

  /** The path of a file of the project. */
  path(...parts) {
    return join(this.folder, ...parts);
  }

  async write(name, text) {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), text);
  }

  /** Puts a link to a folder into the project. */
  async link(name, target) {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await symlink(target, this.path(name));
  }

  /** Runs Node in the project; resolves with what it printed, however it ended. */
  node(...args) {
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: this.folder, timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ ok: !error, output: stdout + stderr });
      });
    });
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** The path of a file of an installed tool of this repository. */
export const tool = (path) => join(root, 'node_modules', path);
