import { classifyStoreError, StoreUnavailable } from './database';

/** Two, so that a batch that waits for a lock does not hold up everything behind it. */
const maxUnderWay = 2;
/**
 * Statements that hang end by their timeout, one after the other; who stands far behind them would wait for ever. Longer
 * than any turn takes as long as statements do not hang.
 */
const longestWaitMs = 10_000;

interface Asked<Item, Result> {
  item: Item;
  /** When, by `performance.now()`. */
  at: number;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/**
 * Makes one statement of many calls: what is asked while statements are under way goes together into the next one.
 * A call never waits for others to come, so a quiet process gains no delay from it.
 *
 * An outage is told to every caller of a batch, and to those who have waited 10 s for their turn. After any other error
 * each item runs again alone, in their order: an item that can't be stored fails by itself.
 * @param options.run one result an item, in the order of the items; may run again with some of them
 * @param options.most items in a batch at most
 * @param options.keyOf items of one key never share a batch
 */
export function createBatching<Item, Result>(options: {
  run(items: readonly Item[]): Promise<readonly Result[]>;
  most: number;
  keyOf?(item: Item): string;
}): (item: Item) => Promise<Result> {
  const { run, most, keyOf } = options;
  let queue: Asked<Item, Result>[] = [];
  let underWay = 0;
  let turningAway: NodeJS.Timeout | undefined;

  function pump(): void {
    while (underWay < maxUnderWay && queue.length > 0) {
      underWay += 1;
      void settle(nextBatch()).then(() => {
        underWay -= 1;
        pump();
      });
    }
  }

  function nextBatch(): Asked<Item, Result>[] {
    if (!keyOf) return queue.splice(0, most);
    const batch = new Map<string, Asked<Item, Result>>();
    const left: Asked<Item, Result>[] = [];
    for (const asked of queue) {
      const key = keyOf(asked.item);
      if (batch.size < most && !batch.has(key)) batch.set(key, asked);
      else left.push(asked);
    }
    queue = left;
    return [...batch.values()];
  }

  async function settle(batch: readonly Asked<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1 || classifyStoreError(error) instanceof StoreUnavailable) {
        for (const { reject } of batch) reject(error);
        return;
      }
      for (const asked of batch) await settle([asked]);
    }
  }

  /** While somebody waits, looks again when who came first will have waited too long. */
  function watchQueue(): void {
    const [first] = queue;
    if (!first || turningAway) return;
    turningAway = setTimeout(turnAway, Math.max(0, first.at + longestWaitMs - performance.now()));
    turningAway.unref();
  }

  function turnAway(): void {
    turningAway = undefined;
    const latest = performance.now() - longestWaitMs;
    const stay = queue.findIndex(({ at }) => at > latest);
    for (const { reject } of queue.splice(0, stay === -1 ? queue.length : stay)) {
      reject(new StoreUnavailable(new Error(`no turn within ${longestWaitMs} ms`)));
    }
    watchQueue();
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, at: performance.now(), resolve, reject });
      pump();
      watchQueue();
    });
}
