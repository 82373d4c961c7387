/**
 * Tells when deliveries come faster than their workflows are started and worked off. What is stored then travels together
 * (domain/burst-run.ts); before and after, each delivery has a workflow of its own from its first attempt.
 */
export interface Pressure {
  /** Asked as `count` deliveries are about to be stored: whether they travel together. Asking counts them as arrived. */
  isHigh(count: number): boolean;
  /** How many deliveries this process has still to start, or is just starting. */
  waiting(count: number): void;
  /** Of those started lately, how many stand in Temporal's queue or had no attempt soon after: workers fall behind. */
  behind(count: number): void;
  /** Temporal can't be reached: what is stored now would only wait to be started one by one. */
  away(): void;
}

/** So many at once are no crowd, at any rate. */
const mostAtOnce = 48;
/** More than this that workers have not come to is pressure: starting is the smaller part of the work. */
const mostBehind = 20;
/** Pressure lasts for this long at least, so that it does not come and go with every crowd. */
const leastMs = 2_000;
/** Deliveries a second that a small machine starts and works off; corrected by what is seen. */
const firstCapacity = 40;
const leastCapacity = 10;
/** Pressure is over when no more than this part of what can be started arrives. */
const easyPart = 0.75;
/** While it lasts, how often it is tried whether more can be started by now. */
const probeMs = 30_000;
/** What was started without trouble for so long can be started. */
const provenMs = 1_000;
const growth = 1.25;
const shrinking = 0.7;
const bucketMs = 250;
const buckets = 8;

export function createPressure({ now = Date.now }: { now?: () => number } = {}): Pressure {
  /** Deliveries that arrived in the last two seconds, a quarter of a second each. */
  const arrivals = new Array<number>(buckets).fill(0);
  let newest = 0;
  /** Deliveries a second that have workflows of their own; what they have left, up to a crowd. */
  let capacity = firstCapacity;
  let allowance = mostAtOnce;
  let countedAt = now();
  let waiting = 0;
  let high = false;
  /** When pressure rose, or went. */
  let since = -Infinity;
  let until = 0;
  /** Whether workers have fallen behind since. */
  let trouble = false;

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

  function refill(): void {
    const passedMs = Math.min(Math.max(0, now() - countedAt), leastMs);
    countedAt = now();
    allowance = Math.min(mostAtOnce, allowance + (capacity * passedMs) / 1000);
  }

  function rise(): void {
    if (!high) {
      // So many for so long were no trouble: more may be none either.
      if (!trouble && now() - since >= provenMs && now() - since < probeMs) capacity *= growth;
      since = now();
    }
    high = true;
    until = now() + leastMs;
  }

  function fall(): void {
    high = false;
    trouble = false;
    since = now();
    allowance = mostAtOnce;
  }

  function mayFall(): boolean {
    const isOver = now() >= until || until - now() > leastMs;
    if (!isOver || waiting > mostAtOnce) return false;
    return arrivalsPerSecond() < capacity * easyPart || now() - since >= probeMs || now() < since;
  }

  return {
    isHigh(count) {
      arrived(count);
      refill();
      if (high && mayFall()) fall();
      if (high) {
        if (waiting + count > mostAtOnce) until = now() + leastMs;
        return true;
      }
      if (count > allowance || waiting + count > mostAtOnce) {
        rise();
        return true;
      }
      allowance -= count;
      return false;
    },

    waiting(count) {
      waiting = count;
      if (count > mostAtOnce) rise();
    },

    behind(count) {
      if (count <= mostBehind) return;
      if (!trouble) capacity = Math.max(leastCapacity, capacity * shrinking);
      trouble = true;
      rise();
    },

    away: rise,
  };
}
