/** The check before a call, and the diagnostics to send when something went wrong. */

/** Returns the actions. */
export function createCheck({ store, manager, attempt, say }) {
  const { set } = store;
  /** Gives up the check that runs. */
  let running = new AbortController();

  /** Changes the check that is open, if it still is the one. */
  const patch = (signal, change) => set(({ check }) => (check && !signal.aborted ? { check: { ...check, ...change(check) } } : {}));

  async function runCheck({ camera = false } = {}) {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    set({ panel: null, check: { busy: true, camera, steps: [], report: null, error: null } });
    const onProgress = (step) => patch(signal, ({ steps }) => ({ steps: [...steps, step] }));
    try {
      const report = await manager().preflight({ camera, signal, onProgress });
      patch(signal, () => ({ busy: false, report, steps: report.steps }));
    } catch (error) {
      patch(signal, () => ({ busy: false, error: error.message }));
    }
  }

  return {
    runCheck,
    closeCheck: () => set({ check: null }),
    /** Lets go of the microphone when nobody looks any more. */
    giveUpCheck: () => running.abort(),
    exportDiagnostics: attempt(async () => {
      set({ panel: null });
      download(`ringback-${new Date().toISOString().replaceAll(':', '-')}.json`, await manager().exportDiagnostics());
      say('Diagnostics saved', 'good');
    }),
  };
}

function download(name, value) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
