/** What a tab remembers of its call, so that the page can take it up again after a reload. */

import type { Call } from './types.js';

const KEY = 'ringback:call';

/** A call as it is kept in sessionStorage. */
export interface KeptCall { sessionId: string; muted: boolean; video: boolean; pushToTalk: boolean }

/** The call of one manager; `device` tells the managers of one tab apart. */
export class Keeper {
  readonly #key: string;

  constructor(device = '') {
    this.#key = `${KEY}:${device}`;
  }

  /** Returns what was kept before the page was reloaded. */
  read(): KeptCall | null {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key) ?? 'null') as KeptCall | null;
    } catch {
      return null;
    }
  }

  /** Keeps a call that this tab is in, and forgets it once it is not any more. */
  note(call: Call | null): void {
    try {
      if (call?.sessionId && IN_CALL.has(call.state)) {
        const { sessionId, muted, pushToTalk } = call;
        // A screen has to be chosen anew by the person.
        const kept: KeptCall = { sessionId, muted, video: call.video === 'camera', pushToTalk };
        sessionStorage.setItem(this.#key, JSON.stringify(kept));
      } else {
        sessionStorage.removeItem(this.#key);
      }
    } catch {
      // Storage may be refused altogether: then a reload loses the call.
    }
  }
}

const IN_CALL: ReadonlySet<string> = new Set(['outgoing', 'connecting', 'connected', 'reconnecting']);
