import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPage } from './browser.mjs';
import { servePage, signIn, startRelay, startRingback } from './serve.mjs';
import { rotated } from './stats.mjs';

export const FLOOR = 'floor';
export const CONTENDERS = [FLOOR, 'Ringback', 'Ringback, preconnect', 'Ringback, preconnect, unprepared', 'Ringback, reference flow', 'PeerJS', 'simple-peer'];
const CHAT = 'bench';
const WARM_UP_ROUNDS = 3;

/**
 * Measures, for each contender, the time from accept to audio on both sides.
 *
 * Returns a map from name to `{received, heard}`, arrays of milliseconds, one value a round.
 */
export async function measureSetup(browser, { names, rounds, ringMs, binary, progress }) {
  const close = [];
  try {
    const environment = await startServers(names, binary, close);
    const web = await servePage();
    close.push(web.close);
    const page = await openPage(browser, web.url);
    close.push(() => page.close());
    await page.evaluate((list, env) => globalThis.setUp(list, env), names, environment);
    return await runRounds(page, { names, rounds, ringMs, progress });
  } finally {
    for (const end of close.reverse()) await end();
  }
}

async function startServers(names, binary, close) {
  const relay = await startRelay();
  close.push(relay.close);
  const environment = { relayPort: relay.relayPort, peerPort: relay.peerPort };
  if (names.some((name) => name.startsWith('Ringback'))) environment.ringback = await startOurs(binary, close);
  return environment;
}

async function startOurs(binary, close) {
  const folder = await mkdtemp(join(tmpdir(), 'ringback-bench-db-'));
  close.push(() => rm(folder, { recursive: true, force: true }));
  const server = await startRingback(binary, folder);
  close.push(server.close);
  const sides = [['caller', 'callee'], ['caller-2', 'callee-2'], ['caller-3', 'callee-3'], ['caller-4', 'callee-4']];
  const tokens = [];
  for (const users of sides) {
    tokens.push(await Promise.all(users.map((user) => signIn(server.url, CHAT, user))));
  }
  return { module: '/ringback/index.js', url: server.url, chatId: CHAT, sides, tokens };
}

async function runRounds(page, { names, rounds, ringMs, progress }) {
  const samples = new Map(names.map((name) => [name, { received: [], heard: [] }]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const name of rotated(names, Math.max(0, round))) {
      const took = await page.evaluate((which, ms) => globalThis.runRound(which, ms), name, ringMs);
      if (round < 0) continue;
      samples.get(name).received.push(took.received);
      samples.get(name).heard.push(took.heard);
    }
    progress?.(round, rounds);
  }
  return samples;
}
