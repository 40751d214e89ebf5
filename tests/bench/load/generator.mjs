// The process that makes the load: a command goes in as a line, its result comes out as one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class Generator {
  #child;
  #lines;

  static async start(binary, { port, secret }) {
    const generator = new Generator();
    const child = spawn(binary, [`ws://127.0.0.1:${port}`, secret], { stdio: ['pipe', 'pipe', 'inherit'] });
    generator.#child = child;
    generator.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return generator;
  }

  /** Runs a command; `back` says first, through `first`, that it waits. */
  ask(command) {
    this.#child.stdin.write(`${command}\n`);
    if (command !== 'back') return this.#line(command);
    const first = this.#line(command);
    return Object.assign(first.then(() => this.#line(command)), { first });
  }

  async stop() {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #line(command) {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the load generator ended during ${command}`);
    return JSON.parse(value);
  }
}
