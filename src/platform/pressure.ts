/**
 * Tells when deliveries come faster than their workflows are started and worked off. What is stored then travels together
 * (domain/burst-run.ts); before and after, each delivery has a workflow of its own from its first attempt.
 */
export interface Pressure {
  /** Asked as `count` deliveries are about to be stored: whether they travel together. Asking counts them as arrived. */
  isHigh(count: number): boolean;
  /** How many deliveries this process has still to start, or is just starting. */
  waiting(count: number): void;
  /** Starts that were made since the last call. */
  started(count: number): void;
  /** Workflow tasks that wait for a worker. */
  backlog(count: number): void;
  /** Temporal can't be reached: what is stored now would only wait to be started one by one. */
  away(): void;
}

/** More than this waiting to be started is pressure; as many are started at the same time. */
const mostWaiting = 48;
/** More workflow tasks than this that no worker took is pressure, too: starting is the smaller part of the work. */
const mostBacklog = 30;
/** Pressure lasts for this long at least, so that it does not come and go with every crowd. */
const leastMs = 2_000;
/** Deliveries a second that a small machine starts and works off; corrected by what is seen. */
const firstCapacity = 40;
const leastCapacity = 10;
/** Pressure is over when no more than this part of what can be started arrives. */
const easyPart = 0.5;
const bucketMs = 250;
const buckets = 8;

export function createPressure({ now = Date.now }: { now?: () => number } = {}): Pressure {
  /** Deliveries that arrived, in the last two seconds, a quarter of a second each. */
  const arrivals = new Array<number>(buckets).fill(0);
  let newest = 0;
  let capacity = firstCapacity;
  let waiting = 0;
  let high = false;
  let until = 0;
  let startsSince: { at: number; count: number } | null = null;

  function arrived(count: number): void {
    const bucket = Math.floor(now() / bucketMs);
    // A clock that was set back begins anew.
    if (bucket < newest || bucket - newest >= buckets) arrivals.fill(0);
    else for (let empty = newest + 1; empty <= bucket; empty += 1) arrivals[empty % buckets] = 0;
    newest = bucket;
    arrivals[bucket % buckets] = (arrivals[bucket % buckets] ?? 0) + count;
  }

  function arrivalsPerSecond(): number {
    return arrivals.reduce((sum, count) => sum + count, 0) / ((buckets * bucketMs) / 1000);
  }

  function rise(): void {
    high = true;
    until = now() + leastMs;
  }

  return {
    isHigh(count) {
      arrived(count);
      if (waiting + count > mostWaiting) rise();
      else if (high && (now() >= until || until - now() > leastMs) && arrivalsPerSecond() < capacity * easyPart) {
        high = false;
      }
      return high;
    },

    waiting(count) {
      waiting = count;
      if (count > mostWaiting) rise();
    },

    started(count) {
      const at = now();
      if (!startsSince || at < startsSince.at || at - startsSince.at > 2_000) startsSince = { at, count: 0 };
      startsSince.count += count;
      if (at - startsSince.at < 1_000) return;
      // So many were started without a sign that it was too much.
      if (!high) capacity = Math.max(capacity, startsSince.count / ((at - startsSince.at) / 1000));
      startsSince = { at, count: 0 };
    },

    backlog(count) {
      if (count <= mostBacklog) return;
      if (!high) capacity = Math.max(leastCapacity, Math.min(capacity, arrivalsPerSecond() * 0.8));
      rise();
    },

    away: rise,
  };
}
