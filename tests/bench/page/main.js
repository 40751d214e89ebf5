import { floor } from './floor.js';
import { peerjs } from './peerjs.js';
import { allClosed, bothSides, now, watchPeerConnections } from './recorder.js';
import { ringback, ringbackPreconnect, ringbackReference } from './ringback.js';
import { simplePeer } from './simple-peer.js';

const TIMEOUT_MS = 15_000;
const contenders = [floor, ringback, ringbackPreconnect, ringbackReference, peerjs, simplePeer];
const ready = new Map();

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
  await new Promise((resolve) => setTimeout(resolve, ringMs));
  const accepted = now();
  const [, { received, heard }] = await Promise.all([call.accept(), bothSides(TIMEOUT_MS)]);
  await call.hangUp();
  await allClosed(TIMEOUT_MS);
  return { received: received - accepted, heard: heard - accepted };
};
