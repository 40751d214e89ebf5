import type { PreflightStep } from '../types.js';

/** What a step found, before it is known how long it took. */
export type Finding = Omit<PreflightStep, 'name' | 'durationMs'>;

/** A step that found that something does not work. */
export class StepFailure extends Error {
  readonly finding: Finding;

  constructor(code: string, message: string) {
    super(message);
    this.finding = { status: 'fail', code, message };
  }
}

/** Waits for a promise; null when it takes longer than that; rejects when the signal is aborted. */
export function race<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
export function race<T>(promise: Promise<T>, signal: AbortSignal, withinMs: number): Promise<T | null>;
export function race<T>(promise: Promise<T>, signal: AbortSignal, withinMs?: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    const timer = withinMs === undefined ? undefined : setTimeout(() => resolve(null), withinMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
    promise.finally(() => signal.removeEventListener('abort', abort)).catch(() => {});
  });
}
