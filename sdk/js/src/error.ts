import type { CallErrorCode } from './types.js';

/** What every promise is rejected with: a stable `code`, and a `message` that says what to do. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** Stable: meant for programs. */
  readonly code: CallErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(code: CallErrorCode, message: string, { retryable = false, cause }: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
  }
}

/** Turns whatever was thrown into a {@link CallError}. */
export function toCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  if (isPlainFailure(thrown)) {
    const { code, message, retryable } = thrown;
    return new CallError(code, message, { retryable, cause: thrown.cause });
  }
  return new CallError('INTERNAL_ERROR', 'Something failed in the browser: try again.', { retryable: true, cause: thrown });
}

/** How failures leave the WebAssembly module. */
interface PlainFailure { code: CallErrorCode; message: string; retryable: boolean; cause?: unknown }

function isPlainFailure(thrown: unknown): thrown is PlainFailure {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'retryable' in thrown;
}
