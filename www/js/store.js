/** The one place where the page keeps what it knows. */

import { remembered } from './identity.js';

/** Returns what the page knows before anyone has joined. */
export function initialState() {
  return {
    join: { ...remembered(), busy: false, error: null },
    /** Who this tab is in which room, `{id, name, room}`; null before joining. */
    me: null,
    /** `connecting`, `up` or `down`. */
    signaling: 'connecting',
    members: { list: [], error: null },
    tab: 'people',
    /** The current call as the SDK last told it; null when there is none. */
    call: null,
    /** Who placed the last incoming call, `{sessionId, id, name}`. */
    caller: null,
    /** Ids of the targets that are known to ring. */
    ringing: [],
    /** The last second of each link, by user id. */
    quality: {},
    audioBlocked: false,
    /** Something to tell the person: `{kind, tone, title, detail, again}`, or null. */
    notice: null,
    history: emptyHistory(),
    stats: { timeframe: '30d', data: null, busy: false, error: null, day: null },
    notifications: 'unsupported',
    narrow: false,
    copied: false,
    now: Date.now(),
  };
}

/** Returns a history that has loaded nothing yet. */
export function emptyHistory(filter = { status: '', type: '' }) {
  return { filter, calls: [], total: 0, hasMore: false, loaded: false, busy: false, error: null, open: null };
}

/** Makes a store: `get`, `set` with a patch or a function to one, `subscribe`. */
export function createStore(state) {
  const listeners = new Set();
  let scheduled = false;
  const publish = () => {
    scheduled = false;
    for (const listener of listeners) listener(state);
  };
  return {
    get: () => state,
    set(patch) {
      state = { ...state, ...(typeof patch === 'function' ? patch(state) : patch) };
      if (scheduled) return;
      scheduled = true;
      // Not an animation frame: those do not come in a hidden tab, where a call may ring.
      queueMicrotask(publish);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
