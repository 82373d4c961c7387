import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Outcomes } from '../api-types';
import { outcomeSeries } from '../outcomes';
import { themeEvent } from '../theme';
import { exactTime } from '../time';

/** What became of the deliveries made from then until the next bucket. */
export interface OutcomeBucket {
  from: string;
  deliveries: Outcomes;
}

interface Props {
  /** What it is of: `Deliveries of the last 24 hours`. */
  label: string;
  buckets: readonly OutcomeBucket[];
  height?: number;
}

/** Deliveries over time by what became of them: stacked bars, and the same as a table. */
export function OutcomeChart({ label, buckets, height = 220 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const [colors, setColors] = useState(0);

  useEffect(() => {
    const repaint = () => setColors((times) => times + 1);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', repaint);
    window.addEventListener(themeEvent, repaint);
    return () => {
      scheme.removeEventListener('change', repaint);
      window.removeEventListener(themeEvent, repaint);
    };
  }, []);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(options(element, height, setHovered), stacked(buckets), element);
    chart.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [height, colors]);

  useEffect(() => chart.current?.setData(stacked(buckets)), [buckets]);

  const shown = hovered === null ? undefined : buckets[hovered];
  const sums = outcomeSeries.map(({ status }) =>
    (shown ? [shown] : buckets).reduce((sum, one) => sum + one.deliveries[status], 0),
  );
  const summary = outcomeSeries.map(({ text }, index) => `${text.toLowerCase()} ${sums[index]}`).join(', ');
  return (
    <div class="chart">
      <div class="chart-legend">
        <span class="chart-when">{shown ? exactTime(Date.parse(shown.from)) : 'All of it'}</span>
        <ul>
          {outcomeSeries.map(({ status, text, color }, index) => (
            <li key={status}>
              <span class="swatch" style={{ background: color }} /> {text}{' '}
              <strong>{sums[index]?.toLocaleString()}</strong>
            </li>
          ))}
        </ul>
      </div>
      <div
        ref={place}
        class="chart-canvas"
        role="img"
        aria-label={`${label}: ${summary}. The table below has the numbers.`}
      />
      <details class="chart-table">
        <summary>The numbers as a table</summary>
        <div class="table-scroll" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          <table>
            <caption class="visually-hidden">{label}</caption>
            <thead>
              <tr>
                <th scope="col">From</th>
                {outcomeSeries.map(({ status, text }) => (
                  <th key={status} scope="col" class="numeric">
                    {text}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {buckets.map((bucket) => (
                <tr key={bucket.from}>
                  <th scope="row">{exactTime(Date.parse(bucket.from))}</th>
                  {outcomeSeries.map(({ status }) => (
                    <td key={status} class="numeric">
                      {bucket.deliveries[status].toLocaleString()}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

/** Each series reaches from zero to the top of its part: the tallest is painted first, the others over it. */
function stacked(buckets: readonly OutcomeBucket[]): uPlot.AlignedData {
  const tops = outcomeSeries.map((_, upTo) =>
    buckets.map((bucket) =>
      outcomeSeries.slice(0, upTo + 1).reduce((sum, { status }) => sum + bucket.deliveries[status], 0),
    ),
  );
  return [buckets.map(({ from }) => Date.parse(from) / 1000), ...tops.reverse()];
}

function options(element: HTMLElement, height: number, onHover: (index: number | null) => void): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.78, 48], radius: 0.15, align: 1 });
  const faint = resolved(element, 'var(--faint)');
  const line = resolved(element, 'var(--line)');
  const axis: uPlot.Axis = {
    stroke: faint,
    font: '12px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth || 600,
    height,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.08))] } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, values: (_, times) => times.map(tickLabel) },
      { ...axis, size: 46, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7] },
    ],
    series: [
      {},
      ...outcomeSeries.toReversed().map(({ text, color }): uPlot.Series => {
        const painted = resolved(element, color);
        return {
          label: text,
          stroke: painted,
          fill: painted,
          width: 0,
          points: { show: false },
          ...(bars && { paths: bars }),
        };
      }),
    ],
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? null)] },
  };
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** The time of day; at midnight the day that begins. */
function tickLabel(seconds: number): string {
  const at = new Date(seconds * 1000);
  return at.getHours() === 0 && at.getMinutes() === 0 ? day.format(at) : clock.format(at);
}

/** A canvas takes no custom properties: what the colour comes to here and now. */
function resolved(element: HTMLElement, color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
