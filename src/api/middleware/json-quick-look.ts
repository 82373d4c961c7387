/** Levels of objects and arrays. */
export const maxDepth = 64;

/** Keys through which a careless merge would reach an object's prototype. */
export const prototypeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Whether JSON is surely acceptable, at a fifth of the cost of looking at its text: nearly all of it is. False: it has to
 * be looked at, and may be acceptable all the same.
 * @param text what JSON.parse made `value` of
 */
export function isSurelyAcceptable(text: string, value: unknown): boolean {
  // An escaped character may be NUL or half of a pair.
  if (text.includes('\\u') || !text.isWellFormed()) return false;
  const keys = countKeys(value, 0);
  // Of two values of one key JSON.parse leaves one: then the text has more of what may be a key.
  return keys !== null && keys === countColonsOfKeys(text);
}

/** Null: something in it has to be looked at in the text. */
function countKeys(value: unknown, depth: number): number | null {
  if (typeof value === 'number') return Math.abs(value) < 2 ** 53 ? 0 : null;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === maxDepth) return null;
  const names = Array.isArray(value) ? null : Object.keys(value);
  if (names?.some((name) => prototypeKeys.has(name))) return null;
  let sum = names?.length ?? 0;
  for (const held of names ? Object.values(value as object) : (value as unknown[])) {
    const keys = countKeys(held, depth + 1);
    if (keys === null) return null;
    sum += keys;
  }
  return sum;
}

/** Not fewer than the text has keys; more when a string in it has such a colon. */
function countColonsOfKeys(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1);
    if (before === 0x22 || before <= 0x20) count += 1;
  }
  return count;
}
