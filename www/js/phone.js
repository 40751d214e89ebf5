/** Connects the SDK to the store: events become state, state never reaches back. */

import { connect } from '/ringback/index.js';
import { follow } from './phone-events.js';

/** Connects as `me` and keeps the store up to date; returns the SDK's manager. */
export async function openPhone({ me, api, store, say, levels }) {
  const calls = await connect(location.origin, { token: api.join, userId: me.id });
  follow(calls, { store, me, say, levels });
  store.set({ signaling: 'up' });
  return calls;
}
