/** A plot as data: what a result keeps of it, and a page draws. */
export type Chart =
  | {
      kind: 'bars';
      title: string;
      /** Of the values. */
      unit: string;
      /** What each group has one bar of; in a stack, one piece. */
      series: string[];
      stacked?: boolean;
      groups: { label: string; values: (number | null)[] }[];
    }
  | {
      kind: 'lines';
      title: string;
      /** Names of the axes. */
      x: string;
      y: string;
      /** Where the axis says something else than the number. */
      xTicks?: [number, string][];
      series: { label: string; points: [number, number][] }[];
      /** Upright lines, where something happened. */
      marks?: { x: number; label: string }[];
    };

/** How many came in each stretch of time: points of seconds since `startedAt` and arrivals a second. */
export function arrivalRate(times: Float64Array, startedAt: number, stretchMs: number): [number, number][] {
  const counts: number[] = [];
  for (const time of times) {
    if (Number.isNaN(time) || time < startedAt) continue;
    const stretch = Math.floor((time - startedAt) / stretchMs);
    counts[stretch] = (counts[stretch] ?? 0) + 1;
  }
  return Array.from(counts, (count, stretch) => [
    (stretch * stretchMs) / 1000,
    Math.round(((count ?? 0) * 1000) / stretchMs),
  ]);
}
