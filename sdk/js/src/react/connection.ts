import { CallError, connect, type ConnectOptions } from '../index.js';
import type { CallsStore } from './store.js';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** Keeps a connection to a server: makes it, tries again while that can help; returns how to close it. */
export function keepConnected(store: CallsStore, url: string, options: () => ConnectOptions): () => void {
  const closing = new AbortController();
  const start = () => void run(store, url, options, closing.signal);
  store.connecting('connecting', null, start);
  start();
  return () => {
    closing.abort();
    store.clear();
  };
}

async function run(store: CallsStore, url: string, options: () => ConnectOptions, signal: AbortSignal): Promise<void> {
  for (let waitMs = FIRST_RETRY_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
    const error = await attempt(store, url, options(), signal);
    if (signal.aborted || !error) return;
    if (!error.retryable) return failed(store, error, () => void run(store, url, options, signal));
    store.connecting('connecting', error);
    await online(waitMs * (0.5 + Math.random()), signal);
  }
}

/** Connects and shows the manager; returns why not. */
async function attempt(store: CallsStore, url: string, options: ConnectOptions, signal: AbortSignal): Promise<CallError | null> {
  try {
    const calls = await connect(url, { ...options, signal });
    const detach = store.attach(calls);
    signal.addEventListener('abort', () => {
      // In this order, so that listeners hear of the end of a call.
      calls.dispose();
      detach();
    });
    return null;
  } catch (error) {
    return error as CallError;
  }
}

function failed(store: CallsStore, error: CallError, again: () => void): void {
  store.connecting('failed', error, () => {
    store.connecting('connecting', null);
    again();
  });
}

/** Waits that long, or until the network is back. */
function online(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = new AbortController();
    const end = () => {
      clearTimeout(timer);
      done.abort();
      resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener('online', end, { signal: done.signal });
    signal.addEventListener('abort', end, { signal: done.signal });
  });
}
