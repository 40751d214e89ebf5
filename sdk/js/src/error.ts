import type { CallErrorCode } from './types.js';

/** What every promise is rejected with: a stable `code`, and a `message` that says what to do. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** Stable: meant for programs. */
  readonly code: CallErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** With `RATE_LIMITED` and `DRAINING`: after how many milliseconds to try again. */
  readonly retryAfterMs?: number;

  constructor(code: CallErrorCode, message: string, { retryable = false, retryAfterMs, cause }: { retryable?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** Turns whatever was thrown into a {@link CallError}. */
export function toCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  if (isPlainFailure(thrown)) {
    const { code, message, retryable, retryAfterMs } = thrown;
    return new CallError(code, message, { retryable, retryAfterMs, cause: thrown.cause });
  }
  return new CallError('INTERNAL_ERROR', 'Something failed in the browser: try again.', { retryable: true, cause: thrown });
}

/** How failures leave the WebAssembly module. */
interface PlainFailure { code: CallErrorCode; message: string; retryable: boolean; retryAfterMs?: number; cause?: unknown }

function isPlainFailure(thrown: unknown): thrown is PlainFailure {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'retryable' in thrown;
}
