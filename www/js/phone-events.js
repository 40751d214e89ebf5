/** What each event of the SDK changes on the page. */

import { callerOf, namesIn } from './names.js';
import { elsewhere, outcomeOf, trouble } from './outcome.js';
import { noCall } from './store.js';

/** How many seconds of a link's quality the page remembers. */
const TRAIL = 60;

/** Follows a manager for as long as it lives. `say` tells in passing, `levels` paints how loud people are. */
export function follow(calls, { store, me, say, levels }) {
  const { get, set } = store;
  const name = (userId) => namesIn(get())([userId]);
  const without = (record, key) => Object.fromEntries(Object.entries(record).filter(([id]) => id !== key));
  const handlers = {
    ...ofTheCall({ store, me, say }),
    ...ofPeople((text) => isOfSeveral(get().call) && say(text), name),
    remoteStream: ({ userId, stream }) => set(({ streams }) => ({ streams: { ...streams, [userId]: stream } })),
    localVideo: (localVideo) => set({ localVideo }),
    quality: (quality) => set((state) => measured(state, quality)),
    levels: ({ levels: list }) => levels(list),
    activeSpeaker: ({ userId }) => set({ speaker: userId }),
    linkFailed: ({ userId, message, retrying }) =>
      set(({ failed }) => ({ failed: { ...failed, [userId]: { message, retrying } } })),
    linkRecovered({ userId }) {
      set(({ failed }) => ({ failed: without(failed, userId) }));
      say(`You and ${name(userId)} hear each other again`, 'good');
    },
    devices: (devices) => set({ devices }),
    deviceChanged(change) {
      // What the person chose, they know.
      if (change.reason !== 'chosen') say(deviceText(change), change.reason === 'lost' ? 'warn' : 'plain');
    },
    audioBlocked: () => set({ audioBlocked: true }),
    signaling: ({ connected }) => set({ signaling: connected ? 'up' : 'down' }),
    error: (error) => set({ notice: trouble(error) }),
  };
  for (const [event, handler] of Object.entries(handlers)) calls.on(event, handler);
  // A call that rang, or was taken back, before anyone listened.
  handlers.state({ call: calls.call });
}

/** How a call comes, goes on and ends. */
function ofTheCall({ store, me, say }) {
  const { get, set } = store;
  return {
    state: ({ call }) => set((state) => stateOf(state, call)),
    incoming: (incoming) => set((state) => rung(state, incoming)),
    ringing: ({ targetUserIds }) => set(({ ringing }) => ({ ringing: [...new Set([...ringing, ...targetUserIds])] })),
    resumed: () => say('Your call is back', 'good'),
    answeredElsewhere({ sessionId, action }) {
      if (isWaiting(get(), sessionId)) return set((state) => noLongerWaiting(state, sessionId));
      return set((state) => ({ ...noCall(), notice: elsewhere(action, state.call ? callerOf(state).name : 'someone') }));
    },
    ended(ended) {
      const behind = get().waiting.find(({ sessionId }) => sessionId === ended.sessionId);
      if (!behind) return set((state) => endOf(state, ended, me));
      set((state) => noLongerWaiting(state, ended.sessionId));
      if (ended.endedBy !== me.id) say(`Missed call from ${behind.caller.name}`, 'warn');
    },
  };
}

/** Of a call of two, the stage itself tells who comes and goes. */
const isOfSeveral = (call) => call !== null && call.participants.length > 1;

/** Who comes and goes in a group. */
function ofPeople(say, name) {
  return {
    participantJoined: ({ userId }) => say(`${name(userId)} joined`),
    participantLeft: ({ userId, reason }) => say(`${name(userId)} ${reason === 'disconnected' ? 'lost the connection' : 'left'}`),
    rejected: ({ rejectedBy, reason }) => say(`${name(rejectedBy)} ${reason === 'busy' ? 'is in another call' : 'declined'}`),
  };
}

function stateOf(state, call) {
  if (!call || call.state === 'idle' || call.state === 'ended') return {};
  const known = state.call;
  const same = known && (known.sessionId === null || known.sessionId === call.sessionId);
  const waiting = state.waiting.filter(({ sessionId }) => sessionId !== call.sessionId);
  if (same) return { call, waiting };
  const { caller } = state;
  const front = state.waiting.find(({ sessionId }) => sessionId === call.sessionId);
  const fromFront = front ? { sessionId: front.sessionId, ...front.caller } : caller;
  return { ...noCall(), call, waiting, caller: fromFront, notice: null, panel: null, check: null };
}

/** A call that rings: in front, or behind the one that goes on. */
function rung(state, incoming) {
  const { sessionId, caller } = incoming;
  const current = state.call;
  if (current && current.sessionId !== sessionId) {
    // Behind the check, or on a phone behind a menu, it could not be answered.
    const panel = state.narrow ? null : state.panel;
    return { check: null, panel, waiting: [...state.waiting.filter((other) => other.sessionId !== sessionId), incoming] };
  }
  return { notice: null, caller: { sessionId, ...caller } };
}

const isAnother = (call, ended) => call.sessionId !== null && ended.sessionId !== null && call.sessionId !== ended.sessionId;
const isWaiting = ({ waiting }, sessionId) => waiting.some((other) => other.sessionId === sessionId);
const noLongerWaiting = ({ waiting }, sessionId) => ({ waiting: waiting.filter((other) => other.sessionId !== sessionId) });

/** Returns what the end of a call changes; a failed start keeps the notice that says why. */
function endOf(state, ended, me) {
  if (!state.call || isAnother(state.call, ended)) return {};
  const kept = state.notice?.kind === 'error' ? state.notice : null;
  const told = outcomeOf({ call: state.call, ended, me: me.id, caller: callerOf(state).name, names: namesIn(state) });
  return { ...noCall(), panel: null, notice: kept ?? told };
}

function measured({ quality, trail }, sample) {
  const before = trail[sample.userId] ?? [];
  return {
    quality: { ...quality, [sample.userId]: sample },
    trail: { ...trail, [sample.userId]: [...before, sample.mos].slice(-TRAIL) },
  };
}

const KINDS = { microphone: 'Microphone', camera: 'Camera', speaker: 'Speaker' };

function deviceText({ kind, label, reason }) {
  const device = label || 'the default one';
  const texts = {
    fallback: `${KINDS[kind]} gone: using ${device}`,
    reacquired: `${KINDS[kind]} is back: ${device}`,
    lost: `${KINDS[kind]} lost: looking for another one`,
  };
  return texts[reason] ?? `${KINDS[kind]}: ${device}`;
}
