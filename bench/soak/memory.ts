import { readFileSync } from 'node:fs';
import { rounded } from '../statistics';

/** Resident memory of a process over time. */
export interface MemoryTrend {
  samples: number;
  /** Over all samples, and the highest of them. */
  meanMiB: number;
  mostMiB: number;
  /** The regression line's rise from the first sample that counts to the last; null: too few to tell. */
  growthMiB: number | null;
  perHourMiB: number | null;
  /** Whether it grew by no more than it may; null: too short a time to tell. */
  flat: boolean | null;
}

interface Sample {
  /** Seconds. */
  at: number;
  miB: number;
}

const everyMs = 2_000;
/** Until caches are filled and code is compiled: the first part of the time, which does not count. */
const warmUpShare = 0.3;
/** Less than this says nothing: a process warms up for minutes. */
const leastSeconds = 300;
/** What a flat one may grow by within the time that counts: the larger of these. */
const mayGrow = { miB: 24, share: 0.15 };

/** Watches processes, by name, from now on. */
export function watchMemory(processes: ReadonlyMap<string, () => number | null>): {
  stop(): Record<string, MemoryTrend>;
} {
  const samples = new Map([...processes.keys()].map((name): [string, Sample[]] => [name, []]));
  const startedAt = performance.now();
  const look = () => {
    for (const [name, pidOf] of processes) {
      const miB = residentMiB(pidOf());
      if (miB !== null) samples.get(name)?.push({ at: (performance.now() - startedAt) / 1000, miB });
    }
  };
  const ticking = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(ticking);
      return Object.fromEntries([...samples].map(([name, taken]) => [name, trendOf(taken)]));
    },
  };
}

/** Null where there is no such process, or no /proc. */
function residentMiB(pid: number | null): number | null {
  try {
    const kiB = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kiB === undefined ? null : Number(kiB) / 1024;
  } catch {
    return null;
  }
}

/** The least-squares line through what was sampled after the warm-up. */
export function trendOf(samples: readonly Sample[]): MemoryTrend {
  const sizes = samples.map(({ miB }) => miB);
  const meanMiB = mean(sizes);
  const end = samples.at(-1)?.at ?? 0;
  const counted = samples.filter(({ at }) => at >= end * warmUpShare);
  const known = { samples: samples.length, meanMiB: rounded(meanMiB, 1), mostMiB: rounded(Math.max(...sizes), 1) };
  const seconds = end - (counted[0]?.at ?? 0);
  if (counted.length < 3 || seconds <= 0) return { ...known, growthMiB: null, perHourMiB: null, flat: null };
  const [x, y] = [mean(counted.map(({ at }) => at)), mean(counted.map(({ miB }) => miB))];
  const covariance = counted.reduce((sum, one) => sum + (one.at - x) * (one.miB - y), 0);
  const variance = counted.reduce((sum, one) => sum + (one.at - x) ** 2, 0);
  const perSecond = covariance / variance;
  const growthMiB = perSecond * seconds;
  return {
    ...known,
    growthMiB: rounded(growthMiB, 1),
    perHourMiB: rounded(perSecond * 3_600, 1),
    flat: seconds < leastSeconds ? null : growthMiB <= Math.max(mayGrow.miB, mayGrow.share * y),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
