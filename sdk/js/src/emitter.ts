import type { CallEvents } from './types.js';

/** A listener of one event. */
export type Listener<E extends keyof CallEvents> = (payload: CallEvents[E]) => void;

/** Calls listeners; what they throw is reported to the page and stops nobody. */
export class Emitter {
  readonly #listeners = new Map<keyof CallEvents, Set<Listener<never>>>();

  /** Adds a listener; adding it twice is adding it once. */
  add<E extends keyof CallEvents>(event: E, listener: Listener<E>): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener as Listener<never>));
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
    const listeners = [...(this.#listeners.get(event) ?? [])] as Listener<E>[];
    for (const listener of listeners) guarded(() => listener(payload));
    return listeners.length > 0;
  }
}

function guarded(call: () => void): void {
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
