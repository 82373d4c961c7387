import { setMaxListeners } from 'node:events';
import { ExchangeFailure } from './failure';

/**
 * The two things that end an exchange early: its deadline, armed from before DNS to the end of the body, and the
 * caller's signal. One phase (DNS, waiting for a connection, the exchange) listens at a time.
 */
export class Interruption {
  #listener: ((reason: unknown) => void) | undefined;
  #reason: { value: unknown } | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;

  constructor(deadlineMs: number, signal?: AbortSignal) {
    this.#timer = setTimeout(() => {
      this.#interrupt(new ExchangeFailure('timeout', `no complete answer within ${deadlineMs} ms`));
    }, deadlineMs);
    this.#signal = signal;
    if (signal?.aborted) {
      this.#onAbort();
    } else if (signal) {
      // Many exchanges share a worker's signal, each for as long as it lasts: no leak to be warned of.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', this.#onAbort);
    }
  }

  /**
   * Runs one phase. `start` gets the promise's functions and returns what gives the phase up; when interrupted that
   * runs and the phase rejects with the reason, unless giving up rejected first.
   */
  phase<T>(start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => (reason: unknown) => void) {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason) return reject(this.#reason.value);
      const giveUp = start(resolve, reject);
      this.#listener = (reason) => {
        giveUp(reason);
        reject(reason);
      };
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#listener = undefined;
  }

  readonly #onAbort = () => this.#interrupt(this.#signal?.reason);

  #interrupt(reason: unknown): void {
    if (this.#reason) return;
    this.#reason = { value: reason };
    this.#listener?.(reason);
  }
}
