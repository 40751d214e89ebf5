import { floor } from './floor.js';
import { peerjs } from './peerjs.js';
import { allClosed, bothSides, now, watchPeerConnections } from './recorder.js';
import { ringback, ringbackPreconnect, ringbackReference, ringbackUnprepared } from './ringback.js';
import { simplePeer } from './simple-peer.js';

const TIMEOUT_MS = 15_000;
/** How long a button is down before it is a click: never quite the same, so that no phase of a frame's 20 ms is favoured. */
const clickMs = () => 70 + Math.random() * 20;
const contenders = [floor, ringback, ringbackPreconnect, ringbackUnprepared, ringbackReference, peerjs, simplePeer];
const ready = new Map();

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

watchPeerConnections();

/** Connects the named contenders; called once. */
globalThis.setUp = async (names, environment) => {
  for (const contender of contenders.filter(({ name }) => names.includes(name))) {
    ready.set(contender.name, await contender.setup(environment));
  }
};

/**
 * Runs one call: it rings for `ringMs`, as a person takes to reach for the button, and is accepted.
 *
 * Returns the milliseconds from accept to first audio received, and first sound played, on both sides.
 */
globalThis.runRound = async (name, ringMs) => {
  const call = ready.get(name);
  await call.ring();
  const click = clickMs();
  await wait(ringMs - click);
  call.reach?.();
  await wait(click);
  const accepted = now();
  const [, { received, heard }] = await Promise.all([call.accept(), bothSides(TIMEOUT_MS)]);
  await call.hangUp();
  await allClosed(TIMEOUT_MS);
  if (received < accepted) throw new Error('sound was on its way before the accept');
  return { received: received - accepted, heard: heard - accepted };
};
