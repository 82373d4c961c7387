import type { HttpAnswer, NoAnswer } from './exchange';
import { retryAfterOf } from './refusal';

/** A first wait takes this at most, the next one twice that, and so on up to `maxMs`. */
const baseMs = 250;
const maxMs = 8_000;

/** An outage of what is behind the API, or of a proxy before it. The request may have been carried out. */
const outages = new Set([502, 503, 504]);

/** Whether the request may have been carried out although this is what came of it. */
export function mayHaveHappened(outcome: HttpAnswer | NoAnswer): boolean {
  return outcome.kind === 'none' ? outcome.sent : outages.has(outcome.status);
}

/**
 * Whether the same request may be sent again. Too many requests (429) and a connection that never came to be are no
 * trace of a request: everything may be. After the rest only what can be done twice and is one.
 */
export function mayRetry(outcome: HttpAnswer | NoAnswer, isRepeatable: boolean): boolean {
  if (outcome.kind === 'none') return isRepeatable || !outcome.sent;
  return outcome.status === 429 || (isRepeatable && outages.has(outcome.status));
}

/**
 * Milliseconds to wait after a try: somewhere up to a bound that doubles, so that many clients do not come back together;
 * after what the answer asks for, if it does.
 * @param attempt 1 for the first
 * @param random from 0 to 1
 */
export function retryWaitMs(outcome: HttpAnswer | NoAnswer, attempt: number, random: () => number): number {
  const jitter = random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  const asked = outcome.kind === 'answer' ? retryAfterOf(outcome.headers, Date.now()) : null;
  return (asked ?? 0) + jitter;
}
