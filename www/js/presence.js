/** Who is in the room: asked every three seconds while the page is visible, and when something happens. */

const PERIOD_MS = 3000;

/** Starts watching; returns `{refresh, stop}`. */
export function watchMembers(api, store) {
  let stopped = false;

  async function refresh() {
    try {
      const list = await api.members();
      if (!stopped) store.set(({ members }) => (same(members.list, list) && !members.error ? {} : { members: { list, error: null } }));
    } catch (error) {
      if (!stopped) store.set(({ members }) => ({ members: { ...members, error: error.message } }));
    }
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

const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);
