import type { ApiError } from '../errors/api-error';

/** Runs work of a key when it is its turn. @throws ApiError when too much of that key waits already */
export type Turns = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Of each key a few at a time, the others in the order of coming; keys do not wait for each other. */
export function createTurns(options: {
  atOnce: number;
  waiting: number;
  /** What is answered when more would wait. */
  refusal(): ApiError;
}): Turns {
  const { atOnce, waiting, refusal } = options;
  const turns = new Map<string, { running: number; queue: (() => void)[] }>();

  return async (key, work) => {
    const own = turns.get(key) ?? { running: 0, queue: [] };
    turns.set(key, own);
    if (own.running >= atOnce) {
      if (own.queue.length >= waiting) throw refusal();
      // Whoever ends hands its turn on.
      await new Promise<void>((resolve) => own.queue.push(resolve));
    } else {
      own.running += 1;
    }
    try {
      return await work();
    } finally {
      const next = own.queue.shift();
      if (next) next();
      else own.running -= 1;
      if (own.running === 0) turns.delete(key);
    }
  };
}
