// What must not be heard, and what must not grow.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Scene, talk } from './scene.mjs';

const CALLS = 100;
const WARM_UP = 60;
/** How much more a page may hold after all these calls: less than one thing a call; WebAssembly memory comes in pieces of 64 KiB. */
const MOST = { wasm: 65_536, listeners: 20, nodes: 20, heap: 500_000 };
/** A person hears no gap that is shorter than a blink; the buffer of the receiver bridges what a busy machine delays. */
const GAP_MS = 120;

test('the recorder of silence notices a mute of a moment', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  await bob.record();
  await alice.do(() => calls.setMuted(true));
  await bob.hearsNothingOf(alice);
  await alice.do(() => calls.setMuted(false));
  await bob.hears(alice);
  assert.ok((await bob.longestSilence()) > 500);
});

test('a server that is killed and started again leaves no gap in what both hear', async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t);
  await talk(scene, alice, bob);
  const people = [alice, bob];
  await Promise.all(people.map((person) => person.record()));
  for (let restarts = 0; restarts < 2; restarts += 1) {
    await scene.server.kill();
    await Promise.all(people.map((person) => person.event('signaling', { connected: false })));
    await scene.server.restart();
    await Promise.all(people.map((person) => person.event('signaling', { connected: true })));
    await alice.do((muted) => calls.setMuted(muted), false);
  }
  await Promise.all([alice.hears(bob), bob.hears(alice)]);
  const silences = await Promise.all(people.map((person) => person.longestSilence()));
  t.diagnostic(`longest silence: ${silences.map((ms) => ms.toFixed(1)).join(' and ')} ms`);
  assert.ok(Math.max(...silences) < GAP_MS, `silent for ${silences} ms`);
  assert.deepEqual(await Promise.all(people.map((person) => person.do(() => calls.state))), ['connected', 'connected']);
});

/** Answers every call that comes in; runs in the page. */
function answerAll() {
  calls.on('incoming', ({ sessionId }) => void calls.acceptCall(sessionId));
}

/** Calls that many times, and hangs up as soon as both are connected; runs in the page. */
async function callAgainAndAgain(chat, times) {
  const until = (wanted) => new Promise((resolve) => {
    const stop = calls.on('state', ({ state }) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
  });
  for (let i = 0; i < times; i += 1) {
    const connected = until('connected');
    await calls.initiateCall(chat, ['bob']);
    await connected;
    const ended = until('ended');
    await calls.endCall();
    await ended;
  }
}

/** Ten calls at a time, after which what the page noted down for the tests is forgotten. */
async function callInRounds(caller, callee, chat, times) {
  for (let done = 0; done < times; done += 10) {
    await caller.do(callAgainAndAgain, chat, 10);
    await Promise.all([caller, callee].map((person) => person.do(() => void window.seen.splice(0))));
  }
}

/** What a page holds on to, once what nobody needs any more was collected. */
async function holds(person) {
  await person.isAtRest();
  const session = await person.page.createCDPSession();
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const { JSEventListeners: listeners, Nodes: nodes, JSHeapUsedSize: heap } = await person.page.metrics();
  return { wasm: await person.do(() => window.instruments.memory()), listeners, nodes, heap };
}

test(`${CALLS} calls in a row leave memory, connections, tracks and listeners as they were`, async (t) => {
  const { scene, alice, bob } = await Scene.ofTwo(t, { env: { CALLS_PER_MINUTE: '10000' } });
  const people = [alice, bob];
  await bob.do(answerAll);
  // The first ones fill caches, pools and the recording for diagnostics, which has an end.
  await callInRounds(alice, bob, scene.chat, WARM_UP);
  const before = await Promise.all(people.map(holds));
  await callInRounds(alice, bob, scene.chat, CALLS);
  const after = await Promise.all(people.map(holds));
  people.forEach((person, i) => {
    const grown = Object.fromEntries(Object.entries(after[i]).map(([what, amount]) => [what, amount - before[i][what]]));
    t.diagnostic(`${person.id} held ${JSON.stringify(before[i])}, and then more: ${JSON.stringify(grown)}`);
    for (const [what, most] of Object.entries(MOST)) assert.ok(grown[what] <= most, `${grown[what]} more ${what} at ${person.id}`);
  });
});
