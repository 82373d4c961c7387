/** What came of a group of numbered deliveries. */
export interface Ledger {
  /** How many different ones came. */
  readonly count: number;
  /** Those that came again, each time. */
  readonly again: { index: number; at: number }[];
  note(index: number, at: number): void;
  /** When each came first, by number; NaN: it did not. */
  times(): Float64Array;
  /** Resolves when so many different ones have come, or after `withinMs`. */
  reach(count: number, withinMs: number): Promise<void>;
}

const firstSize = 4_096;

/** An array of numbers instead of a map of ids: noting a delivery must cost next to nothing. */
export function createLedger(): Ledger {
  let times = new Float64Array(firstSize).fill(NaN);
  let count = 0;
  let highest = -1;
  let waiting: { count: number; resolve(): void }[] = [];
  const again: Ledger['again'] = [];

  function grow(index: number): void {
    const larger = new Float64Array(Math.max(index + 1, times.length * 2)).fill(NaN);
    larger.set(times);
    times = larger;
  }

  return {
    get count() {
      return count;
    },
    again,
    note(index, at) {
      if (index >= times.length) grow(index);
      if (!Number.isNaN(times[index])) {
        again.push({ index, at });
        return;
      }
      times[index] = at;
      count += 1;
      if (index > highest) highest = index;
      if (waiting.length > 0) for (const one of waiting) if (count >= one.count) one.resolve();
    },
    times: () => times.slice(0, highest + 1),
    async reach(wanted, withinMs) {
      if (count >= wanted) return;
      await new Promise<void>((resolve) => {
        const waiter = { count: wanted, resolve: () => done() };
        const timer = setTimeout(() => done(), withinMs);
        const done = () => {
          clearTimeout(timer);
          waiting = waiting.filter((one) => one !== waiter);
          resolve();
        };
        waiting.push(waiter);
      });
    },
  };
}
