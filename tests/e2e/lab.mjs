// A network of its own: homes that reach each other and the server only through a router, where
// paths are cut, changed and made lossy. Linux namespaces; needs root and iptables.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { run, whyNot } from '../helpers/privileges.mjs';
import { startTurn } from '../helpers/turn.mjs';
import { chromium, launchChromium } from './browsers.mjs';
import { allHear } from './scene.mjs';
import { serve } from './site.mjs';

const ip = (line) => run('ip', ...line.split(' '));

/** Why this machine cannot have a lab, or false. */
export const noLab = whyNot('THE NETWORK LAB', () => {
  const name = `rbtry${process.pid}`;
  ip(`netns add ${name}`);
  try {
    ip(`link add wan netns ${name} type veth peer name core netns ${name}`);
    run('ip', 'netns', 'exec', name, 'iptables', '-w', '-S');
  } finally {
    ip(`netns del ${name}`);
  }
});

const labs = new Set();
process.on('exit', () => labs.forEach((lab) => lab.takeDown()));

/** The router, the machine with server and site on one side of it, and homes on the other. */
export class Lab {
  #prefix = `rb${process.pid}`;
  #net;
  #folder = mkdtempSync(join(tmpdir(), 'ringback-lab-'));
  #subnets = 0;
  #homes = [];

  /** Builds it, with a site; `down()` removes it. `block`: the first byte of all its addresses, private or, like 11, public. */
  static async up({ block = 10 } = {}) {
    const lab = new Lab();
    lab.#net = `${block}.${64 + (process.pid % 128)}`;
    labs.add(lab);
    lab.#build();
    lab.site = await serve(undefined, lab.host);
    return lab;
  }

  /** The address of server and site. */
  get host() {
    return `${this.#net}.0.1`;
  }

  /** The address of the router. */
  get router() {
    return `${this.#net}.0.2`;
  }

  #build() {
    const [prefix, hub] = [this.#prefix, this.#hub];
    ip(`netns add ${hub}`);
    ip(`link add ${prefix}-r type veth peer name core netns ${hub}`);
    ip(`addr add ${this.host}/24 dev ${prefix}-r`);
    ip(`link set ${prefix}-r up`);
    for (const line of ['link set lo up', `addr add ${this.router}/24 dev core`, 'link set core up']) ip(`-n ${hub} ${line}`);
    run('ip', 'netns', 'exec', hub, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    ip(`route add ${this.#net}.0.0/16 via ${this.router}`);
  }

  get #hub() {
    return `${this.#prefix}-hub`;
  }

  /** Adds a home with a browser; each uplink is a network of its own, of which the first is connected. */
  async home({ uplinks = 1 } = {}) {
    const namespace = `${this.#prefix}-${this.#homes.length}`;
    ip(`netns add ${namespace}`);
    ip(`-n ${namespace} link set lo up`);
    const lines = Array.from({ length: uplinks }, (_, at) => this.#lay(namespace, at));
    const home = new Home(namespace, lines, this.#folder, this.site.url);
    this.#homes.push(home);
    await home.use(0);
    return home;
  }

  #lay(namespace, at) {
    const subnet = `${this.#net}.${(this.#subnets += 1)}`;
    const [inside, outside] = [`wan${at}`, `${namespace}-${at}`.slice(-15)];
    ip(`link add ${inside} netns ${namespace} type veth peer name ${outside} netns ${this.#hub}`);
    ip(`-n ${this.#hub} addr add ${subnet}.1/24 dev ${outside}`);
    ip(`-n ${this.#hub} link set ${outside} up`);
    return { inside, address: `${subnet}.2/24`, gateway: `${subnet}.1`, subnet: `${subnet}.0/24` };
  }

  #rule(action, line) {
    run('ip', 'netns', 'exec', this.#hub, 'iptables', '-w', action, 'FORWARD', ...line.split(' '));
  }

  /** Two homes cannot reach each other any more; both still reach everyone else. */
  part(one, other) {
    this.#between(one, other).forEach((line) => this.#rule('-I', line));
  }

  /** They can again. */
  join(one, other) {
    this.#between(one, other).forEach((line) => this.#rule('-D', line));
  }

  #between = (one, other) =>
    one.lines.flatMap((a) => other.lines.flatMap((b) => [`-s ${a.subnet} -d ${b.subnet} -j DROP`, `-s ${b.subnet} -d ${a.subnet} -j DROP`]));

  /** All that passes between a home and anyone is TCP, and UDP with that port: a strict firewall that knows the relay. */
  onlyRelay(home, port) {
    home.lines.forEach(({ subnet }) => [`-s ${subnet} -p udp ! --dport ${port} -j DROP`, `-d ${subnet} -p udp ! --sport ${port} -j DROP`].forEach((line) => this.#rule('-I', line)));
  }

  /** That share of the packets of media to and from a home is lost; 0: none any more. */
  lose(home, share) {
    const lines = home.lines.flatMap(({ subnet }) => [`-s ${subnet}`, `-d ${subnet}`]);
    const rule = (chance) => (line) => `${line} -p udp -m statistic --mode random --probability ${chance} -j DROP`;
    if (home.loss) lines.map(rule(home.loss)).forEach((line) => this.#rule('-D', line));
    if (share) lines.map(rule(share)).forEach((line) => this.#rule('-I', line));
    home.loss = share;
  }

  /** Runs coturn on the router; see `startTurn`. */
  relay() {
    return startTurn([], { host: this.router, port: 3478, inside: ['ip', 'netns', 'exec', this.#hub] });
  }

  /** Closes the browsers and removes everything. */
  async down() {
    await Promise.all(this.#homes.map((home) => home.close()));
    await this.site?.close();
    this.takeDown();
  }

  /** Removes the network at once. */
  takeDown() {
    if (!labs.delete(this)) return;
    for (const namespace of [...this.#homes.map((home) => home.namespace), this.#hub]) {
      try {
        ip(`netns del ${namespace}`);
      } catch (error) {
        console.error(`${namespace} was left behind: ${error.message}`);
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A network namespace with a browser in it. */
class Home {
  #browser = null;
  loss = 0;

  constructor(namespace, lines, folder, origin) {
    Object.assign(this, { namespace, lines, folder, origin });
  }

  /** Its browser, started at the first use. */
  browser() {
    this.#browser ??= this.#launch();
    return this.#browser;
  }

  #launch() {
    const executablePath = join(this.folder, this.namespace);
    writeFileSync(executablePath, `#!/bin/sh\nexec ip netns exec ${this.namespace} ${chromium()} "$@"\n`, { mode: 0o755 });
    // The site is not on loopback, where pages may use a microphone without HTTPS.
    return launchChromium({ executablePath, args: [`--unsafely-treat-insecure-origin-as-secure=${this.origin}`] });
  }

  /** Leaves the other uplinks for this one, as a laptop that loses its Wi-Fi and has another network at once. */
  async use(at) {
    const { inside, address, gateway } = this.lines[at];
    const others = this.lines.filter((line) => line !== this.lines[at]).map((line) => line.inside);
    await this.#plugIn(inside);
    const leave = others.flatMap((device) => [`addr flush dev ${device}`, `link set ${device} down`]);
    const commands = [...leave, `addr replace ${address} dev ${inside}`, `route replace default via ${gateway}`];
    execFileSync('ip', ['-n', this.namespace, '-batch', '-'], { input: commands.join('\n') });
  }

  /** The kernel takes a moment to let packets through a link that just came up. */
  async #plugIn(device) {
    ip(`-n ${this.namespace} link set ${device} up`);
    while (!ip(`-n ${this.namespace} link show ${device}`).includes('state UP')) await setTimeout(20);
  }

  async close() {
    await (await this.#browser)?.close();
  }
}

/** Does something that silences two people who talk; returns for how long each heard nothing, once both hear again. */
export async function silencesAround(action, people) {
  await Promise.all(people.map((person) => person.record()));
  await action();
  await Promise.all(people.map((person) => person.fallsSilent(150)));
  await allHear(people);
  return Promise.all(people.map((person) => person.longestSilence()));
}
