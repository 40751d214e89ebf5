/** What people are called. */

import { nameList } from './format.js';

/** Returns what gives the name of one user, as the room or the call knows them. */
export function nameIn(state) {
  const known = new Map(state.members.list.map((member) => [member.id, member.name]));
  for (const { id, name } of state.call?.participants ?? []) if (!known.has(id) || name !== id) known.set(id, name);
  return (id) => (id === state.me?.id ? 'You' : known.get(id) ?? id);
}

/** Returns what names several users in a sentence. */
export function namesIn(state) {
  const name = nameIn(state);
  return (ids) => nameList(ids.map(name));
}

/** Returns who placed the incoming call, `{id, name}`; of a call known only by its state, the first participant. */
export function callerOf({ call, caller }) {
  const told = caller?.sessionId === call.sessionId ? caller : call.participants[0];
  return told ?? { id: '', name: 'Someone' };
}

/** Returns the others whom the incoming call rings or has in it. */
export function alsoCalled(state) {
  const { id } = callerOf(state);
  return state.call.participants.filter((peer) => peer.id !== id).map((peer) => peer.id);
}
