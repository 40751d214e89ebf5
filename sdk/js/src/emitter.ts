import type { CallEvents } from './types.js';

/** A listener of one event. */
export type Listener<E extends keyof CallEvents> = (payload: CallEvents[E]) => void;

/** Calls listeners; what they throw is reported to the page and stops nobody. */
export class Emitter {
  /** By event: the listeners, and whether they hear only the next one. */
  readonly #listeners = new Map<keyof CallEvents, Map<Listener<never>, boolean>>();

  /** Adds a listener; adding it twice is adding it once, for as long as either asks. */
  add<E extends keyof CallEvents>(event: E, listener: Listener<E>, isOnce = false): void {
    const listeners = this.#listeners.get(event) ?? new Map<Listener<never>, boolean>();
    const former = listeners.get(listener as Listener<never>) ?? true;
    this.#listeners.set(event, listeners.set(listener as Listener<never>, isOnce && former));
  }

  /** Takes a listener off. */
  remove<E extends keyof CallEvents>(event: E, listener: Listener<E>): void {
    this.#listeners.get(event)?.delete(listener as Listener<never>);
  }

  /** Takes all listeners off. */
  clear(): void {
    this.#listeners.clear();
  }

  /** Calls the listeners that are there now; tells whether there are any. */
  emit<E extends keyof CallEvents>(event: E, payload: CallEvents[E]): boolean {
    const listeners = [...(this.#listeners.get(event) ?? [])] as [Listener<E>, boolean][];
    for (const [listener, isOnce] of listeners) {
      if (isOnce) this.remove(event, listener);
      guarded(() => listener(payload));
    }
    return listeners.length > 0;
  }
}

/** Calls something of the application's; what it throws is reported to the page. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    report(error);
  }
}

const report = (error: unknown): void => {
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
};
