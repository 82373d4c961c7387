import type { Chart } from './charts';
import type { Summary } from './part';
import { percentile, rounded } from './statistics';

/** The three that are asked for, as `<name>P50Ms`. */
export function percentileFigures(name: string, times: readonly number[]): Summary {
  const figure = (share: number) => rounded(percentile(times, share), 1);
  return { [`${name}P50Ms`]: figure(0.5), [`${name}P95Ms`]: figure(0.95), [`${name}P99Ms`]: figure(0.99) };
}

const shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999];
/** As far apart as they are rare. */
const position = (share: number) => rounded(-Math.log10(1 - share), 4);

/** Curves over the percentiles, the slow end stretched. */
export function percentileChart(title: string, contenders: Record<string, readonly number[]>): Chart {
  const curve = (times: readonly number[]) =>
    shares
      // A percentile that no value stands for would be another one's.
      .filter((share) => times.length * (1 - share) >= 1)
      .map((share): [number, number] => [position(share), rounded(percentile(times, share), 1)]);
  return {
    kind: 'lines',
    title,
    x: 'percentile',
    y: 'ms',
    xTicks: [0, 0.5, 0.9, 0.95, 0.99, 0.999].map((share) => [position(share), `p${rounded(share * 100, 1)}`]),
    series: Object.entries(contenders).map(([label, times]) => ({ label, points: curve(times) })),
  };
}
