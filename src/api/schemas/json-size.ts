/** Of a character within a string: `\u0001`. In UTF-8 none is longer. */
const longestCharacter = 6;
/** `-1.2345678901234567e-300` */
const longestNumber = 25;

/**
 * Bytes that a parsed JSON value takes as JSON.stringify writes it, in UTF-8, at most. A tenth of the cost of writing it:
 * who asks for a limit far above has the answer by this.
 */
export function mostJsonBytes(value: unknown): number {
  if (typeof value === 'string') return 2 + longestCharacter * value.length;
  if (typeof value !== 'object' || value === null) return longestNumber;
  let sum = 2;
  if (Array.isArray(value)) {
    for (const item of value) sum += 1 + mostJsonBytes(item);
  } else {
    for (const [key, held] of Object.entries(value)) sum += 4 + longestCharacter * key.length + mostJsonBytes(held);
  }
  return sum;
}

/** Whether a parsed JSON value is at most `limit` bytes long as JSON.stringify writes it. */
export function fitsJsonBytes(value: unknown, limit: number): boolean {
  return mostJsonBytes(value) <= limit || Buffer.byteLength(JSON.stringify(value)) <= limit;
}
