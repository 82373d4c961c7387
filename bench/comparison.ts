import type { Summary } from './part';
import { rounded } from './statistics';

/** A figure in two results. */
export interface ComparedFigure {
  name: string;
  before: number | string | null;
  after: number | string | null;
  /** Second by first; null where one is no number or the first is 0. */
  ratio: number | null;
  verdict: 'better' | 'worse' | '';
}

/** Less than so much apart is noise: the machine's own speed varies by more between two runs. */
const noise = 0.05;

/** Figures of which more is better, and of which less is; others only say how it was measured. */
const moreIsBetter = /(PerSecond|Ratio|ShareInTime)/;
const lessIsBetter = /(Ms|CpuMs|MiB|Seconds|Lost|Duplicates|Repeats|InFlight|ToP50|LatencyP\d+Ratio|Backlog)/;

/** -1: less is better, 1: more is better, 0: neither. */
export function directionOf(name: string): -1 | 0 | 1 {
  // Rates that are set, or follow from what else was measured.
  if (/(HalfPerSecond|downEventsPerSecond|PerSecondBefore|OthersShareOfMachine|consentStartsPerSecond)$/.test(name)) {
    return 0;
  }
  if (/^latency.*Ratio/.test(name)) return -1;
  if (moreIsBetter.test(name)) return 1;
  return lessIsBetter.test(name) ? -1 : 0;
}

/** Every figure of either result, in the order of the first. */
export function compare(before: Summary, after: Summary): ComparedFigure[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.map((name) => {
    const [first, second] = [before[name] ?? null, after[name] ?? null];
    const ratio = typeof first === 'number' && typeof second === 'number' && first !== 0 ? second / first : null;
    return {
      name,
      before: first,
      after: second,
      ratio: ratio === null ? null : rounded(ratio, 2),
      verdict: verdictOf(),
    };

    function verdictOf(): ComparedFigure['verdict'] {
      const direction = directionOf(name);
      if (direction === 0 || typeof first !== 'number' || typeof second !== 'number') return '';
      if (Math.abs(second - first) <= noise * Math.abs(first)) return '';
      return second > first === direction > 0 ? 'better' : 'worse';
    }
  });
}
