// What must stay as it is while somebody misbehaves: other people's calls, and the server's memory.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';

import { candidate, meet, sdp } from '../helpers/scene.mjs';

const MIB = 2 ** 20;
/** How long a whole call may take beside an attack; alone it takes some tens of milliseconds. */
const CALL_WITHIN_MS = 3_000;

/** Between two calls of theirs: they keep to the rate that is documented. */
const PAUSE_MS = 250;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The memory of the server's process in bytes. Only Linux says so without a tool. */
export async function memoryOf(server) {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
}

/** Two people who behave well, and call each other again and again. */
export class Bystanders {
  constructor(scene) {
    this.scene = scene;
  }

  static async meet(t, server) {
    const bystanders = new Bystanders(await meet(t, server, ['wanda', 'willy']));
    await bystanders.call();
    return bystanders;
  }

  /** One whole call; returns how long it took, in milliseconds. */
  async call() {
    const { wanda, willy, chatId } = this.scene;
    const began = performance.now();
    const { sessionId } = await wanda.ask('call:initiate', { chatId, callType: 'voice' });
    const call = { sessionId, chatId };
    await willy.next('call:incoming', (data) => data.sessionId === sessionId);
    await willy.ask('call:accept', call);
    await wanda.next('call:accepted', (data) => data.sessionId === sessionId);
    await wanda.ask('webrtc:offer', { ...call, offer: sdp('offer') });
    await willy.next('webrtc:offer');
    await willy.ask('webrtc:answer', { ...call, answer: sdp('answer') });
    for (let n = 0; n < 10; n += 1) wanda.send('webrtc:ice-candidate', { ...call, candidate: candidate(n) });
    for (let n = 0; n < 10; n += 1) await willy.next('webrtc:ice-candidate');
    await wanda.ask('call:end', call);
    await willy.next('call:ended', (data) => data.sessionId === sessionId);
    [wanda, willy].forEach((client) => client.forget());
    return performance.now() - began;
  }
}

/**
 * Runs an attack while the bystanders call each other, and checks that they and the memory stay well.
 * @param {import('node:test').TestContext} t
 * @param {{ url: string }} server
 * @param {() => Promise<void>} attack
 * @param {{ mib: number }} limits by how much the memory may grow
 */
export async function unaffected(t, server, attack, { mib }) {
  const bystanders = await Bystanders.meet(t, server);
  const before = await memoryOf(server);
  let most = before;
  let over = false;
  const attacking = attack().finally(() => { over = true; });
  const times = [];
  do {
    times.push(await bystanders.call());
    most = Math.max(most, await memoryOf(server));
    await pause(PAUSE_MS);
  } while (!over);
  await attacking;
  const grown = (most - before) / MIB;
  const slowest = Math.max(...times);
  t.diagnostic(`${times.length} calls beside it, the slowest in ${slowest.toFixed(0)} ms; memory grew by ${grown.toFixed(1)} MiB to ${(most / MIB).toFixed(0)} MiB`);
  assert.ok(slowest < CALL_WITHIN_MS, `a call took ${slowest.toFixed(0)} ms`);
  assert.ok(grown < mib, `memory grew by ${grown.toFixed(1)} MiB`);
}
