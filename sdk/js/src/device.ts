/** The id of this browser tab: it outlives a reload and is not shared with a duplicate of the tab. */

const KEY = 'ringback:device';
/** A reloaded page may have to wait for its former self to let go. */
const LOCK_PATIENCE_MS = 300;

const held = new Set<string>();

/** An id that no other tab and no other connection of this page uses. */
export interface TabDevice {
  readonly id: string;
  /** Lets another connection of this page use the id. */
  release(): void;
}

/** Returns this tab's id, kept in sessionStorage. */
export async function tabDevice(): Promise<TabDevice> {
  const kept = read();
  if (kept && !held.has(kept)) {
    const release = await hold(kept);
    if (release) return { id: kept, release };
  }
  const id = randomId();
  // A second connection of the same page must not take the place of the first.
  if (!kept || !held.has(kept)) write(id);
  return { id, release: (await hold(id)) ?? (() => {}) };
}

/** Holds an id while the page lives; returns null when another tab holds it (a duplicated tab copies sessionStorage). */
async function hold(id: string): Promise<(() => void) | null> {
  held.add(id);
  const unlock = await lock(`${KEY}:${id}`);
  if (!unlock) held.delete(id);
  return unlock && (() => {
    held.delete(id);
    // A connection that stays is the one that a reloaded page is to take up.
    const [other] = held;
    if (other && read() === id) write(other);
    unlock();
  });
}

function lock(name: string): Promise<(() => void) | null> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    const granted = () => new Promise<void>((unlock) => resolve(unlock));
    locks.request(name, { signal: AbortSignal.timeout(LOCK_PATIENCE_MS) }, granted).catch(() => resolve(null));
  });
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Storage may be refused altogether: then the id lasts as long as the page. */
function read(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function write(id: string): void {
  try {
    sessionStorage.setItem(KEY, id);
  } catch {
    // See `read`.
  }
}
