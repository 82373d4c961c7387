/**
 * How many attempts a worker makes at the same time, found by what it can bear: more and more while it is prompt, fewer
 * when it is late. An attempt that waits for its own worker would use up the receiver's time.
 */
export interface Breath {
  /** From `least` to `most`. */
  limit(): number;
  /** How much later than asked a timer fired, in milliseconds: what everything else in the process waits, too. */
  late(ms: number): void;
}

const promptMs = 25;
const lateMs = 75;
const growth = 10;
const shrinking = 0.7;

export function createBreath({ least, most }: { least: number; most: number }): Breath {
  let limit = Math.min(most, Math.max(least, Math.ceil(most / 4)));
  return {
    limit: () => limit,
    late(ms) {
      if (ms > lateMs) limit = Math.max(least, Math.floor(limit * shrinking));
      else if (ms < promptMs) limit = Math.min(most, limit + growth);
    },
  };
}
