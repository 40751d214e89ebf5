/** Calls that go on without this tab: asked when something may have changed, and now and then. */

import { isHere } from './people-in-call.js';

const PERIOD_MS = 4000;

/** Starts watching; returns `{refresh, stop}`. */
export function watchLive(calls, api, store) {
  let stopped = false;

  async function refresh() {
    if (stopped || store.get().call) return;
    // Out of reach, or a server that does not know the question: then there is nothing to offer.
    const none = () => [];
    const [mine, going] = await Promise.all([calls.liveCalls().catch(none), api.ongoing().catch(none)]);
    const live = [...mine, ...going.filter(({ id }) => !mine.some(({ sessionId }) => sessionId === id)).map(fromRecord)];
    if (!stopped && JSON.stringify(live) !== JSON.stringify(store.get().live)) store.set({ live });
  }

  const refreshIfVisible = () => document.visibilityState === 'visible' && refresh();
  const timer = setInterval(refreshIfVisible, PERIOD_MS);
  document.addEventListener('visibilitychange', refreshIfVisible);
  refresh();
  return {
    refresh,
    stop() {
      stopped = true;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refreshIfVisible);
    },
  };
}

/** A call that goes on without this person, who left, declined or missed it, is known from the history alone. */
function fromRecord({ id, chatId, callType, status, startedAt, participants }) {
  const people = participants.map(({ user, status: theirs }) => ({ ...user, status: theirs }));
  return { sessionId: id, chatId: chatId.id, callType, status, startedAt: startedAt && Date.parse(startedAt), participants: people, here: false };
}

/** Returns the calls to offer: `{...call, offer: 'join' | 'move'}`, in none of which this tab is. */
export function offered({ live, call, me }) {
  if (call) return [];
  return live
    .filter(({ status, here }) => status === 'ongoing' && !here)
    .map((other) => ({ ...other, offer: isIn(other, me.id) ? 'move' : 'join' }));
}

/** Returns the others who are in the call. */
export const othersIn = ({ participants }, me) => participants.filter((person) => person.id !== me.id && isHere(person));

const isIn = ({ participants }, id) => participants.some((person) => person.id === id && isHere(person));
