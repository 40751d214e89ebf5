/** The one place where the page keeps what it knows. */

import { remembered } from './identity.js';

/** Returns what the page knows before anyone has joined. */
export function initialState() {
  return {
    join: { ...remembered(), busy: false, error: null, wrong: null },
    /** Who this tab is in which room, `{id, name, room}`; null before joining. */
    me: null,
    /** `connecting`, `up` or `down`. */
    signaling: 'connecting',
    members: { list: [], error: null },
    /** Ids of the people picked for a group call; null while nobody picks. */
    picked: null,
    tab: 'people',
    ...noCall(),
    /** Other calls that ring while one is in a call: what the SDK's `incoming` told. */
    waiting: [],
    /** Calls that go on without this tab: to be joined, or to be moved here. */
    live: [],
    /** Something to tell the person: `{kind, tone, title, detail, again}`, or null. */
    notice: null,
    /** Passing remarks, `{id, text, tone}`. */
    toasts: [],
    /** What this version of the package offers besides calls. */
    can: { check: false, diagnostics: false },
    /** What the devices are, as the SDK's `devices` told; null before anyone asked. */
    devices: null,
    /** The open menu, `{kind, anchor, id?}`, or null. */
    panel: null,
    /** The check of microphone and connection, `{busy, report, error}`; null while it is closed. */
    check: null,
    /** The page of one call, `{id, record, events, links, error, ...}`; null in the room. */
    page: null,
    history: emptyHistory(),
    stats: { timeframe: '30d', data: null, busy: false, error: null, day: null },
    notifications: 'unsupported',
    narrow: false,
    copied: false,
    now: Date.now(),
  };
}

/** Returns what the page knows of the current call when there is none. */
export function noCall() {
  return {
    /** The current call as the SDK last told it. */
    call: null,
    /** Who placed the last incoming call, `{sessionId, id, name}`. */
    caller: null,
    /** Ids of the targets that are known to ring. */
    ringing: [],
    /** The last second of each link, by user id, and its MOS over the last minute. */
    quality: {},
    trail: {},
    /** What arrives from each participant, by user id. */
    streams: {},
    /** One's own picture, `{stream, source}`. */
    localVideo: { stream: null, source: 'off' },
    /** Who speaks, by user id. */
    speaker: null,
    /** Who cannot be heard, by user id: `{message, retrying}`. */
    failed: {},
    /** Whose tile the person made large, and whether the lists are hidden. */
    pinned: null,
    roomy: false,
    /** Whether the push-to-talk key is held. */
    talking: false,
    audioBlocked: false,
  };
}

/** Returns a history that has loaded nothing yet. */
export function emptyHistory(filter = { status: '', type: '' }) {
  return { filter, calls: [], total: 0, hasMore: false, loaded: false, busy: false, error: null };
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
