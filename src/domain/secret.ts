import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * A value that must never be printed: a target's password, a signing secret, a client secret.
 * Every way of turning it into text gives `[redacted]`; only {@link Secret.reveal} gives the value,
 * so that each place that needs it can be found by name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Never log it, never put it in an error, a Temporal payload or a plaintext column. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
