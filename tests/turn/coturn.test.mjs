// The configuration of deploy/coturn with a real coturn, and what `ringback-server doctor` says of it
// and of others. In a network namespace with addresses that look public; needs root on Linux.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { noLab } from '../e2e/lab.mjs';
import { serverBinary } from '../helpers/server.mjs';
import { JWT_SECRET } from '../helpers/tokens.mjs';

const CONFIGURATION = fileURLToPath(new URL('../../deploy/coturn/turnserver.conf', import.meta.url));
/** Addresses of the public range, which nobody outside the namespace sees. */
const RELAY = '11.22.33.44';
const RELAY_V6 = '2606:4700:aaaa::1';
const SECRET = '9f4c1d0b7a2e8365c4d1f0a9b8e7d6c5';
const KEY = 'Jm0Yv1kq9qPz5cXWn7bRr3dTt8uLh2sFg6aEo4iKxVw=';

const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

describe('a relay', { skip: noLab }, () => {
  const namespace = `rbturn${process.pid}`;
  const inside = ['ip', 'netns', 'exec', namespace];
  const folder = noLab ? null : mkdtempSync(join(tmpdir(), 'ringback-coturn-'));

  before(() => {
    run('ip', 'netns', 'add', namespace);
    for (const line of ['link set lo up', `addr add ${RELAY}/32 dev lo`, `-6 addr add ${RELAY_V6}/128 dev lo nodad`, 'route add default dev lo']) {
      run('ip', '-n', namespace, ...line.split(' '));
    }
  });
  after(() => {
    run('ip', 'netns', 'del', namespace);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts coturn with that configuration; it ends with the test. */
  async function coturn(t, text, flags = []) {
    const file = join(folder, 'turnserver.conf');
    writeFileSync(file, text);
    const args = ['-c', file, '--log-file=stdout', `--listening-ip=${RELAY}`, `--listening-ip=${RELAY_V6}`, `--relay-ip=${RELAY}`, `--relay-ip=${RELAY_V6}`, `--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'db')}`, ...flags];
    const child = spawn(inside[0], [...inside.slice(1), 'turnserver', ...args], { cwd: folder, stdio: 'ignore' });
    t.after(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    return child;
  }

  /** Runs `doctor` in the namespace; returns its findings by name, and its exit code. */
  async function doctor(env, args = []) {
    const child = spawn(inside[0], [...inside.slice(1), serverBinary(), 'doctor', '--json', ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, JWT_SECRET: KEY, DATABASE_URL: `sqlite://${join(folder, 'calls.db')}`, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    const [code] = await once(child, 'close');
    const findings = Object.fromEntries(JSON.parse(output).map((one) => [one.check, one]));
    return { code, findings, verdict: (name) => findings[name]?.verdict };
  }

  /** Asks until the relay has started. */
  async function doctorOnce(env) {
    for (let tries = 0; ; tries += 1) {
      const seen = await doctor(env);
      const isUp = seen.verdict(`STUN ${env.STUN_SERVER}`) === 'ok';
      if (isUp || tries === 5) return seen;
    }
  }

  const url = `turn:${RELAY}:3478`;
  const minted = { STUN_SERVER: `stun:${RELAY}:3478`, TURN_SERVER: url, TURN_SECRET: SECRET, CORS_ORIGINS: 'https://chat.example.com' };
  const ready = () => {
    const text = readFileSync(CONFIGURATION, 'utf8');
    assert.match(text, /^static-auth-secret=CHANGE-ME/m);
    // What an operator changes; TLS is not what is tested here.
    return text.replace(/^static-auth-secret=.*$/m, `static-auth-secret=${SECRET}`).replace(/^(cert|pkey)=/gm, '# $&');
  };

  test('as deploy/coturn has it refuses every address that is not public, and relays between those that are', async (t) => {
    await coturn(t, ready());
    const { code, findings, verdict } = await doctorOnce(minted);
    const problems = Object.values(findings).filter((one) => one.verdict === 'fail');
    assert.deepEqual(problems, []);
    assert.equal(code, 0);
    for (const name of [`STUN stun:${RELAY}:3478`, `TURN ${url}`, `address of the relay ${url}`, `a packet through ${url} (V4)`, `a packet through ${url} (V6)`]) assert.equal(verdict(name), 'ok', name);
    assert.match(findings[`what ${url} refuses (V4)`].detail, /all 10 kinds/);
    assert.match(findings[`what ${url} refuses (V6)`].detail, /all 8 kinds/);
  });

  test('that says its public IPv4 address of every relay, as behind a router, is not taken for one that speaks IPv6', async (t) => {
    await coturn(t, `${ready()}\nexternal-ip=${RELAY}\n`);
    const { code, findings, verdict } = await doctorOnce(minted);
    assert.deepEqual(Object.values(findings).filter((one) => one.verdict === 'fail'), []);
    assert.equal(code, 0);
    assert.equal(verdict(`a packet through ${url} (V4)`), 'ok');
    assert.equal(verdict(`a packet through ${url} (V6)`), 'skipped');
    assert.equal(verdict(`what ${url} refuses (V6)`), 'ok');
  });

  test('without those lines is found to be open, and the remedy named', async (t) => {
    const open = ready().split('\n').filter((line) => !/^(denied-peer-ip|no-multicast-peers)/.test(line)).join('\n');
    await coturn(t, open);
    const { code, findings } = await doctorOnce(minted);
    assert.equal(code, 1);
    const refused = findings[`what ${url} refuses (V4)`];
    assert.equal(refused.verdict, 'fail');
    for (const address of ['10.0.0.1', '192.168.0.1', '169.254.169.254']) assert.ok(refused.detail.includes(address), refused.detail);
    assert.match(refused.remedy, /deploy\/coturn\/turnserver\.conf/);
  });

  test('with another secret is found to refuse our credentials', async (t) => {
    await coturn(t, ready());
    const { code, findings } = await doctorOnce({ ...minted, TURN_SECRET: 'e'.repeat(8) + SECRET });
    assert.equal(code, 1);
    assert.equal(findings[`TURN ${url}`].verdict, 'fail');
    assert.match(findings[`TURN ${url}`].remedy, /secret/);
  });

  test('that is not there is found to be away', async () => {
    const { code, findings } = await doctor(minted);
    assert.equal(code, 1);
    assert.equal(findings[`TURN ${url}`].verdict, 'fail');
    assert.equal(findings[`STUN stun:${RELAY}:3478`].verdict, 'fail');
  });

  test('of the server itself refuses and relays the same', async (t) => {
    const env = { RINGBACK_TURN: `${RELAY}:3479`, TURN_SECRET: SECRET, CORS_ORIGINS: 'https://chat.example.com' };
    const server = spawn(inside[0], [...inside.slice(1), serverBinary(), '--listen', `${RELAY}:3000`], {
      cwd: folder,
      env: { PATH: process.env.PATH, JWT_SECRET, DATABASE_URL: `sqlite://${join(folder, 'relaying.db')}`, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => server.kill('SIGKILL'));
    await once(server.stdout, 'data');
    const { code, findings, verdict } = await doctor(env);
    assert.deepEqual(Object.values(findings).filter((one) => one.verdict === 'fail'), []);
    assert.equal(code, 0);
    const own = `turn:${RELAY}:3479?transport=udp`;
    for (const name of [`TURN ${own}`, `what ${own} refuses (V4)`, `a packet through ${own} (V4)`]) assert.equal(verdict(name), 'ok', JSON.stringify(findings, null, 1));
  });
});

describe('doctor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringback-doctor-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs it with these settings, as text. */
  function examine(env, args = []) {
    const settings = { PATH: process.env.PATH, DATABASE_URL: `sqlite://${join(folder, 'calls.db')}`, ...env };
    try {
      return { code: 0, text: execFileSync(serverBinary(), ['doctor', ...args], { cwd: folder, env: settings, encoding: 'utf8' }) };
    } catch (error) {
      return { code: error.status, text: error.stdout };
    }
  }

  test('finds nothing wrong with good settings, and says what could be better', () => {
    const { code, text } = examine({ JWT_SECRET: KEY });
    assert.equal(code, 0, text);
    assert.match(text, /^warning TURN: there is none/m);
    assert.match(text, /^warning origins: every web page/m);
    assert.match(text, /^warning database: it is not there yet\n\s+Run `ringback-server migrate`/m);
    assert.match(text, /^skipped clock/m);
  });

  test('finds the development mode, guessable keys, and a setting with which nothing starts', () => {
    const open = examine({ RINGBACK_DEV: '1' });
    assert.equal(open.code, 1);
    assert.match(open.text, /^FAILED  development mode/m);
    const weak = examine({ JWT_SECRET: 'my-secret-my-secret-my-secret-my-secret' });
    assert.equal(weak.code, 1);
    assert.match(weak.text, /^FAILED  keys of tokens.*\n\s+Make one with `openssl/m);
    const wrong = examine({});
    assert.equal(wrong.code, 1);
    assert.match(wrong.text, /^FAILED  JWT_SECRET/m);
  });

  test('finds a database and a Redis that do not answer', () => {
    const { code, text } = examine({ JWT_SECRET: KEY, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', REDIS_URL: 'redis://127.0.0.1:9' });
    assert.equal(code, 1);
    assert.match(text, /^FAILED  database/m);
    assert.match(text, /^FAILED  Redis/m);
  });
});
