/** Draws that come the same again with the same seed. */
export interface Random {
  /** From 0 up to before 1. */
  next(): number;
  /** A real number of the range. */
  between(least: number, most: number): number;
  pick<T>(of: readonly T[]): T;
  /** Whether something of this probability happens. */
  chance(probability: number): boolean;
  shuffled<T>(of: readonly T[]): T[];
  /** Another series, whatever is drawn from this one meanwhile. */
  fork(): Random;
}

/** mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + next() * (most - least);
  return {
    next,
    between,
    pick<T>(of: readonly T[]) {
      const one = of[Math.floor(next() * of.length)];
      if (one === undefined) throw new Error('there is nothing to pick from');
      return one;
    },
    chance: (probability) => next() < probability,
    shuffled: (of) =>
      of
        .map((one) => ({ one, place: next() }))
        .sort((a, b) => a.place - b.place)
        .map(({ one }) => one),
    fork: () => seeded(Math.floor(next() * 2 ** 32)),
  };
}
