/** What a person can do on the page: each action talks to the SDK or the API and then to the store. */

import { createApi } from './api.js';
import { askForNotifications } from './attention.js';
import { unlockAudio } from './audio.js';
import { createCallActions } from './call-actions.js';
import { createCallPage } from './call-page.js';
import { createCheck } from './check.js';
import { forget, inviteUrl, remember, rememberedDevices, roomIdOf, userIdOf } from './identity.js';
import { watchLive } from './live.js';
import { paintLevels } from './meter.js';
import { trouble } from './outcome.js';
import { openPhone } from './phone.js';
import { watchMembers } from './presence.js';
import { createRecords } from './records.js';
import { callIdIn } from './route.js';
import { emptyHistory, noCall } from './store.js';
import { createToasts } from './toasts.js';

/** Chooses the devices of the last visit; one that is not there any more leaves the default one. */
function chooseDevices(calls) {
  for (const [kind, id] of Object.entries(rememberedDevices())) {
    if (id) calls.setDevices({ [kind]: id }).catch(() => undefined);
  }
}

/** Returns the actions; the views get them beside the state. */
export function createActions(store) {
  const { get, set } = store;
  /** What lives from join to leave: `{calls, api, members, live}`. */
  let session = null;
  const say = createToasts(store);
  const records = createRecords(store, () => session.api);
  const page = createCallPage(store, () => session.api);
  const manager = () => session?.calls ?? null;

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
    set(({ join: form }) => ({ join: { ...form, error, wrong: field } }));
  }

  async function enter(me) {
    const api = createApi(me);
    await api.join();
    const calls = await openPhone({ me, api, store, say, levels: paintLevels });
    session = { calls, api, members: watchMembers(api, store), live: watchLive(calls, api, store) };
    chooseDevices(calls);
    window.ringback = calls; // For trying things out in the browser's console.
    remember(me);
    const has = (method) => typeof calls[method] === 'function';
    set({ me, can: { check: has('preflight'), diagnostics: has('exportDiagnostics') }, join: { name: me.name, room: me.room, busy: false, error: null } });
    route();
  }

  function leave() {
    session?.members.stop();
    session?.live.stop();
    session?.calls.dispose();
    session = null;
    forget();
    set({ ...noCall(), me: null, notice: null, waiting: [], live: [], panel: null, picked: null, page: null,
      members: { list: [], error: null }, tab: 'people', history: emptyHistory() });
  }

  /** Runs something that may fail and tells the person when it does. */
  const attempt = (action) => async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      if (error.code !== 'CANCELLED' && error.code !== 'SCREEN_DENIED') set({ notice: trouble(error) });
    }
  };

  /** Shows what the address asks for. */
  function route() {
    const id = callIdIn(location.hash);
    if (session && get().page?.id !== (id ?? undefined)) page.open(id);
  }

  return {
    join,
    leave,
    route,
    manager,
    ...createCallActions({ store, manager, attempt, say }),
    ...createCheck({ store, manager, attempt, say }),
    typeJoin: (change) => set(({ join: form }) => ({ join: { ...form, ...change, error: null, wrong: null } })),
    dismiss: () => set({ notice: null }),
    callIsOver() {
      session?.members.refresh();
      session?.live.refresh();
      if (get().history.loaded) records.loadHistory();
      if (get().stats.data) records.loadStats();
      if (get().page) page.reload();
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
    /** Starts, changes or (with null) drops the choice of people for a group call. */
    pick: (picked) => set({ picked }),
    openPanel: (kind, anchor, id = null) =>
      set(({ panel }) => ({ panel: panel?.kind === kind && panel.id === id ? null : { kind, anchor, id } })),
    closePanel: () => set({ panel: null }),
    records,
    page,
  };
}
