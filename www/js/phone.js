/** Connects the SDK to the store: events become state, state never reaches back. */

import { connect } from '/ringback/index.js';
import { callerOf, namesIn } from './names.js';
import { elsewhere, outcomeOf, trouble } from './outcome.js';

/** Connects as `me` and keeps the store up to date; returns the SDK's manager. */
export async function openPhone({ me, api, store }) {
  const calls = await connect(location.origin, { token: api.join, userId: me.id });
  follow(calls, store, me);
  store.set({ signaling: 'up' });
  return calls;
}

const FRESH = { ringing: [], quality: {}, audioBlocked: false };

function follow(calls, store, me) {
  const { get, set } = store;
  const fresh = (call) => {
    const known = get().call;
    return !known || (known.sessionId !== null && known.sessionId !== call.sessionId);
  };
  const handlers = {
    state: ({ call }) => {
      if (!call || call.state === 'idle' || call.state === 'ended') return;
      set(fresh(call) ? { ...FRESH, call, notice: null } : { call });
    },
    incoming: ({ sessionId, caller: { id, name } }) => set({ notice: null, caller: { sessionId, id, name } }),
    ringing: ({ targetUserIds }) => set(({ ringing }) => ({ ringing: [...new Set([...ringing, ...targetUserIds])] })),
    quality: (quality) => set((state) => ({ quality: { ...state.quality, [quality.userId]: quality } })),
    audioBlocked: () => set({ audioBlocked: true }),
    signaling: ({ connected }) => set({ signaling: connected ? 'up' : 'down' }),
    error: (error) => set({ notice: trouble(error) }),
    answeredElsewhere: ({ action }) =>
      set((state) => ({ ...FRESH, call: null, notice: elsewhere(action, state.call ? callerOf(state).name : 'someone') })),
    ended: (ended) => set((state) => endOf(state, ended, me)),
  };
  for (const [event, handler] of Object.entries(handlers)) calls.on(event, handler);
  // A call that rang before anyone listened.
  handlers.state({ call: calls.call });
}

/** Returns what the end of a call changes; a failed start keeps the notice that says why. */
function endOf(state, ended, me) {
  if (!state.call) return {};
  const kept = state.notice?.kind === 'error' ? state.notice : null;
  const told = outcomeOf({ call: state.call, ended, me: me.id, caller: callerOf(state).name, names: namesIn(state) });
  return { ...FRESH, call: null, notice: kept ?? told };
}
