/** What people are called. */

import { nameList } from './format.js';

/** Returns the names of users, as the room or the call knows them. */
export function namesIn(state) {
  const known = new Map(state.members.list.map((member) => [member.id, member.name]));
  for (const { id, name } of state.call?.participants ?? []) if (!known.has(id) || name !== id) known.set(id, name);
  return (ids) => nameList(ids.map((id) => (id === state.me?.id ? 'You' : known.get(id) ?? id)));
}
