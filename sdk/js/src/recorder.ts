/** Keeps what goes into the call machine, for `exportDiagnostics()`: as it comes, without a copy. */
import type { SocketLike } from './types.js';

/** When (`performance.now()`), what, and what belongs to it. */
export type Entry = [at: number, what: string, ...rest: unknown[]];

/**
 * What is kept at most, about 300 KB and seven minutes of a call of two; the beginning is what a replay needs, so
 * what comes after is only counted.
 */
const MOST = 2_500;

type Listener = (...args: any[]) => void;

export class Recorder {
  readonly entries: Entry[] = [];
  dropped = 0;
  #acks = 0;

  note(what: string, ...rest: unknown[]): void {
    if (this.entries.length < MOST) this.entries.push([performance.now(), what, ...rest]);
    else this.dropped += 1;
  }

  /** Notes a request of the application's; returns how to note that it was refused, whatever it carried. */
  ask(what: string, args: readonly unknown[]): () => void {
    this.note('ask', what, args);
    const noted = this.entries.at(-1)!;
    return () => {
      if (noted[3] === args) noted.splice(1, 3, 'refused', what);
    };
  }

  /** Stands before the function that takes the reports of the browser's media objects. */
  readonly tap = (report: Listener): Listener => (told) => {
    this.note('report', told);
    report(told);
  };

  /** Stands before the socket: notes its events and the acks of ours. */
  before(socket: SocketLike): SocketLike {
    const noted = new Map<Listener, Listener>();
    return {
      get connected() { return socket.connected; },
      // The connection below, where it is Socket.IO's own.
      get io() { return (socket as { io?: unknown }).io; },
      on: (event, listener) => {
        const noting = (payload: unknown) => {
          this.note('event', event, event === 'connect_error' ? { data: (payload as { data?: unknown })?.data } : payload);
          listener(payload);
        };
        noted.set(listener, noting);
        return socket.on(event, noting);
      },
      off: (event, listener) => socket.off(event, noted.get(listener) ?? listener),
      emit: (event, ...args) => {
        const ack = args.at(-1);
        if (typeof ack !== 'function') return socket.emit(event, ...args);
        const index = this.#acks++;
        return socket.emit(event, ...args.slice(0, -1), (response: unknown) => {
          this.note('ack', index, event, response);
          ack(response);
        });
      },
    } as SocketLike;
  }
}
