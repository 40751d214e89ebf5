/** The check before a call, and the diagnostics to send when something went wrong. */

/** Returns the actions. */
export function createCheck({ store, manager, attempt, say }) {
  const { set } = store;

  async function runCheck() {
    set({ panel: null, check: { busy: true, report: null, error: null } });
    try {
      const report = await manager().preflight();
      set(({ check }) => (check ? { check: { busy: false, report, error: null } } : {}));
    } catch (error) {
      set(({ check }) => (check ? { check: { busy: false, report: null, error: error.message } } : {}));
    }
  }

  return {
    runCheck,
    closeCheck: () => set({ check: null }),
    exportDiagnostics: attempt(async () => {
      set({ panel: null });
      download(`ringback-${new Date().toISOString().replaceAll(':', '-')}.json`, await manager().exportDiagnostics());
      say('Diagnostics saved: no addresses, no names, no sound', 'good');
    }),
  };
}

function download(name, value) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], { type: 'application/json' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
