/** What a person can do on the page: each action talks to the SDK or the API and then to the store. */

import { createApi } from './api.js';
import { askForNotifications } from './attention.js';
import { unlockAudio } from './audio.js';
import { forget, inviteUrl, remember, roomIdOf, userIdOf } from './identity.js';
import { trouble } from './outcome.js';
import { openPhone } from './phone.js';
import { watchMembers } from './presence.js';
import { createRecords } from './records.js';
import { emptyHistory } from './store.js';

/** Returns the actions; the views get them beside the state. */
export function createActions(store) {
  const { get, set } = store;
  /** What lives from join to leave: `{calls, api, members}`. */
  let session = null;
  const records = createRecords(store, () => session.api);

  async function join({ name, room }) {
    const me = { id: userIdOf(name), name: name.trim(), room: room.trim(), roomId: roomIdOf(room) };
    if (!me.id || !me.roomId) return refuse(me.id ? 'room' : 'name');
    set({ join: { name, room, busy: true, error: null } });
    unlockAudio();
    try {
      await enter(me);
    } catch (error) {
      set({ join: { name, room, busy: false, error: error.message }, me: null });
    }
  }

  function refuse(field) {
    const error = `The ${field} needs at least one letter or digit.`;
    set(({ join: form }) => ({ join: { ...form, error } }));
  }

  async function enter(me) {
    const api = createApi(me);
    await api.join();
    const calls = await openPhone({ me, api, store });
    session = { calls, api, members: watchMembers(api, store) };
    window.ringback = calls; // For trying things out in the browser's console.
    remember(me);
    set({ me, join: { name: me.name, room: me.room, busy: false, error: null } });
  }

  function leave() {
    session?.members.stop();
    session?.calls.dispose();
    session = null;
    forget();
    set({ me: null, call: null, notice: null, members: { list: [], error: null }, tab: 'people', history: emptyHistory() });
  }

  /** Runs something that may fail and tells the person when it does. */
  const attempt = (action) => async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      if (error.code !== 'CANCELLED') set({ notice: trouble(error) });
    }
  };

  return {
    join,
    leave,
    typeJoin: (change) => set(({ join: form }) => ({ join: { ...form, ...change, error: null } })),
    manager: () => session?.calls ?? null,
    call: attempt(async (targets) => {
      unlockAudio();
      set({ notice: null });
      await session.calls.initiateCall(get().me.roomId, targets ?? undefined, { callType: 'voice' });
    }),
    accept: attempt(async () => {
      unlockAudio();
      set({ notice: null });
      await session.calls.acceptCall();
    }),
    reject: attempt(async () => session.calls.rejectCall()),
    hangUp: attempt(async () => session.calls.endCall()),
    toggleMute: attempt(async () => session.calls.toggleMute()),
    resumeAudio: attempt(async () => {
      await session.calls.resumeAudio();
      set({ audioBlocked: false });
    }),
    dismiss: () => set({ notice: null }),
    callIsOver() {
      session?.members.refresh();
      if (get().history.loaded) records.loadHistory();
      if (get().stats.data) records.loadStats();
    },
    copyInvite: attempt(async () => {
      const { room, name } = get().me ?? get().join;
      await navigator.clipboard.writeText(inviteUrl(room, name));
      set({ copied: true });
      setTimeout(() => set({ copied: false }), 2000);
    }),
    allowNotifications: async () => set({ notifications: await askForNotifications() }),
    openTab(tab) {
      set({ tab });
      if (tab === 'history') records.loadHistory();
      if (tab === 'stats') records.loadStats();
    },
    records,
  };
}
