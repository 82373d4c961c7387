/**
 * Why bytes can't be a key that was made at random, as the end of a sentence about them; null: they can.
 *
 * A key of an example, a test or a manual is one that somebody typed: one byte again and again, a count, a word. Of random
 * keys as long as ours one in 10^13 at most is taken for such.
 */
export function weaknessOf(key: Buffer): string | null {
  const distinct = new Set(key).size;
  if (distinct === 1) return 'is one byte again and again';
  if (key.every((_byte, index) => index === 0 || stepOf(key, index) === stepOf(key, 1))) return 'counts';
  if (distinct < leastDistinct) return 'repeats few bytes';
  if (key.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'is text';
  return null;
}

/** 32 random bytes have 30 different ones on average. Hexadecimal digits have 16, and so has half a key, twice. */
const leastDistinct = 17;

const stepOf = (key: Buffer, index: number) => ((key[index] ?? 0) - (key[index - 1] ?? 0)) & 0xff;
