import stringify from 'safe-stable-stringify';

/**
 * The text that a value of JSON is compared by: equal values have one, whatever the order of their keys. That of a number
 * can't be an index of an array, for those are hashed without a seed: who knows how could make them all collide.
 */
export function comparable(value: unknown): string {
  return typeof value === 'number' ? `#${value}` : (stringify(value) ?? '');
}
