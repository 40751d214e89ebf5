/** Who is in the current call, as the stage shows them: pure. */

import { nameIn } from './names.js';

const HERE = new Set(['joined', 'reconnecting']);
const EXPECTED = new Set(['invited', 'ringing']);

/** Tells whether a participant is in the call. */
export const isHere = ({ status }) => HERE.has(status);
/** Tells whether a participant is still being called. */
export const isExpected = ({ status }) => EXPECTED.has(status);

/** Returns the other participants with the names that the room knows them by. */
export function namedPeers(state) {
  const name = nameIn(state);
  return state.call.participants.map((peer) => ({ ...peer, name: name(peer.id) }));
}

/** Tells whether leaving the call leaves others behind who talk to each other. */
export function isGroup(call) {
  return call !== null && call.participants.filter((peer) => isHere(peer) || isExpected(peer)).length > 1;
}

/** Returns those who have a tile: in the call, or about to be. */
export function onStage(state) {
  const peers = namedPeers(state).filter((peer) => isHere(peer) || isExpected(peer));
  // Somebody who has just left the call of two is still shown until it is told to be over.
  return peers.length > 0 ? peers : namedPeers(state).slice(0, 1);
}

/** Returns the room's members who could be asked in. */
export function invitable({ call, members, me }) {
  const present = new Set(call.participants.filter((peer) => isHere(peer) || isExpected(peer)).map(({ id }) => id));
  return members.list.filter(({ id }) => id !== me.id && !present.has(id));
}

/** Returns who shows what: `off`, `camera` or `screen`. */
export function videoOf(peer) {
  return peer.video ?? (peer.videoEnabled ? 'camera' : 'off');
}
