/** Loads history and statistics into the store. */

import { emptyHistory } from './store.js';

const PAGE = 15;

/** Returns the loaders; `api` gives the API of the room one is in. */
export function createRecords(store, api) {
  const { get, set } = store;
  const patchHistory = (patch) => set(({ history }) => ({ history: { ...history, ...patch } }));
  const patchStats = (patch) => set(({ stats }) => ({ stats: { ...stats, ...patch } }));

  /** Loads from the start; as many calls as are shown already. */
  async function loadHistory() {
    const { filter, calls } = get().history;
    await load(filter, 0, Math.max(PAGE, calls.length));
  }

  async function loadMore() {
    const { filter, calls, busy } = get().history;
    if (!busy) await load(filter, calls.length, PAGE);
  }

  async function load(filter, offset, limit) {
    patchHistory({ busy: true, error: null });
    try {
      const page = await api().history(filter, offset, limit);
      // An answer to an older filter comes too late to be shown.
      if (get().history.filter === filter) patchHistory(added(get().history, page, offset));
    } catch (error) {
      if (get().history.filter === filter) patchHistory({ busy: false, error: error.message });
    }
  }

  async function filterHistory(change) {
    set(({ history }) => ({ history: emptyHistory({ ...history.filter, ...change }) }));
    await loadHistory();
  }

  async function loadStats(timeframe = get().stats.timeframe) {
    patchStats({ timeframe, busy: true, error: null, day: null });
    try {
      const data = await api().stats(timeframe);
      if (get().stats.timeframe === timeframe) patchStats({ data, busy: false });
    } catch (error) {
      if (get().stats.timeframe === timeframe) patchStats({ busy: false, error: error.message });
    }
  }

  const showDay = (day) => patchStats({ day });

  return { loadHistory, loadMore, filterHistory, loadStats, showDay };
}

/** Returns the history with a page put at its offset; a call never shows twice when new ones shifted the pages. */
function added(history, page, offset) {
  const kept = history.calls.slice(0, offset);
  const seen = new Set(kept.map(({ id }) => id));
  const calls = [...kept, ...page.calls.filter(({ id }) => !seen.has(id))];
  const { total, hasMore } = page.pagination;
  return { calls, total, hasMore, loaded: true, busy: false };
}
