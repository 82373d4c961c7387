/** Retries of the engine unless the webhook says otherwise (contracts C-1). */
export const defaultMaxRetries = 3;

/** A receiver's `Retry-After` may lengthen a wait up to this; it never adds an attempt. */
export const maxRetryAfterMs = 60_000;

/**
 * Waits in milliseconds before each retry: b, 2b, 4b, … Its length is the number of retries,
 * so a delivery makes at most one attempt more. Deterministic: no jitter (contracts 4.3).
 */
export function retrySchedule(baseMs: number, maxRetries: number): number[] {
  return Array.from({ length: maxRetries }, (_, retry) => baseMs * 2 ** retry);
}

/**
 * Milliseconds that a `Retry-After` header asks for, or undefined when it says nothing usable.
 * Both forms of RFC 9110 section 10.2.3: seconds, or an HTTP date.
 */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const asked = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  if (Number.isNaN(asked) || asked <= 0) return undefined;
  return Math.min(asked, maxRetryAfterMs);
}
