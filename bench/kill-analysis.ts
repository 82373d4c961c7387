import type { Arrivals } from './receiver';

const windowMs = 1_000;
const share = 0.5;

/**
 * When deliveries flow again after a kill: milliseconds from `killedAt` until the first second that has at least half of
 * `perSecond` arrivals begins; null: they never did.
 */
export function flowsAgainAfter(times: Iterable<number>, killedAt: number, perSecond: number): number | null {
  const after = [...times].filter((time) => time > killedAt).sort((a, b) => a - b);
  const enough = Math.max(1, Math.ceil((perSecond * share * windowMs) / 1000));
  for (const [index, start] of after.entries()) {
    const last = after[index + enough - 1];
    if (last !== undefined && last - start <= windowMs) return start - killedAt;
  }
  return null;
}

/** How the deliveries of a worker that was killed fared. */
export interface Fate {
  /** Never came. */
  lost: number;
  /** Came again, each time. */
  duplicates: number;
  /** Had come, or were on their way, and nothing was recorded of it: these may come again. */
  inFlight: number;
  /** Came again though they were not in flight, or more than once. */
  duplicatesBeyond: number;
}

/** @param recorded whether the attempt of that number was recorded by what was begun before the kill */
export function fateOf(
  { times, again }: Arrivals,
  { expected, killedAt, recorded }: { expected: number; killedAt: number; recorded: (index: number) => boolean },
): Fate {
  const came = times.reduce((count, time) => (Number.isNaN(time) ? count : count + 1), 0);
  const inFlight = new Set<number>();
  for (const [index, time] of times.entries()) if (time <= killedAt && !recorded(index)) inFlight.add(index);
  const excused = new Set(again.map(({ index }) => index).filter((index) => inFlight.has(index)));
  return {
    lost: expected - came,
    duplicates: again.length,
    inFlight: inFlight.size,
    duplicatesBeyond: again.length - excused.size,
  };
}
