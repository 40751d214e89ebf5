/** Loads the page of one call: the record, what happened, and how good each link was. */

const REFRESH_MS = 5000;
const OVER = new Set(['ended', 'missed', 'rejected', 'failed']);

/** Returns the loader; `api` gives the API of the room one is in. */
export function createCallPage(store, api) {
  const { get, set } = store;
  let timer = null;
  const patch = (id, change) => set(({ page }) => (page?.id === id ? { page: { ...page, ...change } } : {}));

  async function open(id) {
    clearTimeout(timer);
    set({ page: id ? { id, busy: true, record: null, events: [], links: [], error: null, metric: 'mos', listener: null, at: null } : null });
    if (id) await load(id);
  }

  async function load(id) {
    try {
      // What an older server does not record is not shown; the call itself has to be there.
      const [record, timeline, quality] = await Promise.all([
        api().details(id),
        api().timeline(id).catch(() => ({ events: [] })),
        api().quality(id).catch(() => ({ links: [] })),
      ]);
      patch(id, { busy: false, error: null, record, events: timeline.events, links: quality.links });
      if (!OVER.has(record.status) && get().page?.id === id) timer = setTimeout(() => reload(), REFRESH_MS);
    } catch (error) {
      patch(id, { busy: false, error: error.message });
    }
  }

  async function reload() {
    clearTimeout(timer);
    if (get().page) await load(get().page.id);
  }

  return {
    open,
    reload,
    /** Changes what the charts show: `metric`, `listener`, or the moment `at` to read. */
    show: (change) => set(({ page }) => ({ page: { ...page, ...change } })),
  };
}
