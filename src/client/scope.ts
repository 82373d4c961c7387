import { bareFacts, EverhookError } from './error';
import { longestTimerMs } from './limits';

/** What bounds one call with all its tries: the caller's signal and the deadline. */
export interface CallScope {
  /** Aborted by the caller; the deadline is asked for by {@link leftMs}. */
  leftMs(): number;
  /** The promise's outcome, or a throw when the caller aborts or the deadline passes before. */
  wait<Value>(promise: Promise<Value>): Promise<Value>;
  sleep(ms: number): Promise<void>;
  /** Calls back once when the caller aborts. Returns what takes that back. */
  onAbort(listener: () => void): () => void;
  /** @throws the reason of the caller's signal, once it is aborted */
  check(): void;
}

/**
 * @param operation for the error of a deadline that passed
 * @param deadlineMs from now on
 */
export function createScope(
  operation: string,
  { signal, deadlineMs }: { signal: AbortSignal | undefined; deadlineMs: number },
): CallScope {
  const end = performance.now() + deadlineMs;
  const leftMs = () => Math.max(0, end - performance.now());

  const scope: CallScope = {
    leftMs,
    check: () => signal?.throwIfAborted(),

    onAbort(listener) {
      signal?.addEventListener('abort', listener, { once: true });
      return () => signal?.removeEventListener('abort', listener);
    },

    async wait(promise) {
      scope.check();
      let timer: ReturnType<typeof setTimeout> | undefined;
      let forget = () => {};
      const ended = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(deadlinePassed(operation, deadlineMs)), Math.min(leftMs(), longestTimerMs));
        forget = scope.onAbort(() => reject(signal?.reason));
      });
      try {
        return await Promise.race([promise, ended]);
      } finally {
        clearTimeout(timer);
        forget();
      }
    },

    async sleep(ms) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      try {
        await scope.wait(new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(ms, longestTimerMs)))));
      } finally {
        clearTimeout(timer);
      }
    },
  };
  return scope;
}

function deadlinePassed(operation: string, deadlineMs: number): EverhookError {
  const message = `${operation} took longer than ${deadlineMs / 1000} s`;
  return new EverhookError(bareFacts({ code: 'timeout', message, operation }), 0);
}
