import type { Chart } from './charts';

const width = 720;
const height = 300;
const plot = { left: 64, right: width - 16, top: 16, bottom: height - 44 };
/** Told apart also by those who see few colours (Okabe and Ito). */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999999', '#000000'];
const legendLine = 18;
const legendGap = 10;
const labelLine = 13;
/** Characters, where six bars share the width. */
const longestLabelLine = 17;

/** Draws a chart as a whole `<svg>` element without anything from elsewhere. */
export function svgOf(chart: Chart): string {
  const labels = chart.kind === 'bars' ? chart.series : chart.series.map(({ label }) => label);
  const body = chart.kind === 'bars' ? bars(chart) : lines(chart);
  const legend = labels.length > 1 ? legendOf(labels) : '';
  const total = height + (legend ? legendGap + Math.ceil(labels.length / 4) * legendLine : 0);
  return (
    `<svg viewBox="0 0 ${width} ${total}" role="img" aria-label="${escaped(chart.title)}" ` +
    `xmlns="http://www.w3.org/2000/svg">${body}${legend}</svg>`
  );
}

function bars(chart: Extract<Chart, { kind: 'bars' }>): string {
  const sums = chart.groups.map(({ values }) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0));
  const singles = chart.groups.flatMap(({ values }) => values.map((value) => value ?? 0));
  const y = axis(0, Math.max(0, ...(chart.stacked ? sums : singles)), plot.bottom, plot.top);
  const slot = (plot.right - plot.left) / Math.max(1, chart.groups.length);
  const room = slot * 0.7;
  const drawn = chart.groups.map(({ label, values }, group) => {
    const left = plot.left + group * slot + slot * 0.15;
    const each = chart.stacked ? room : room / Math.max(1, values.length);
    let below = 0;
    const rectangles = values.map((value, index) => {
      if (value === null) return '';
      const from = chart.stacked ? below : 0;
      below += value;
      const x = chart.stacked ? left : left + index * each;
      const [top, bottom] = [y.at(from + value), y.at(from)];
      const title = `${label}${chart.series.length > 1 ? `, ${chart.series[index] ?? ''}` : ''}: ${value} ${chart.unit}`;
      const bar =
        `<rect x="${n(x)}" y="${n(top)}" width="${n(each * 0.94)}" height="${n(Math.max(0, bottom - top))}" ` +
        `fill="${colour(index)}"><title>${escaped(title)}</title></rect>`;
      return chart.stacked ? bar : bar + text(x + each * 0.47, top - 4, short(value), 'middle');
    });
    const sum = chart.stacked ? text(left + room / 2, y.at(below) - 4, short(below), 'middle') : '';
    return rectangles.join('') + sum + wrapped(left + room / 2, plot.bottom + 16, label);
  });
  return frame(y, chart.unit) + drawn.join('');
}

function lines(chart: Extract<Chart, { kind: 'lines' }>): string {
  const points = chart.series.flatMap(({ points }) => points);
  const marks = chart.marks ?? [];
  const xs = [...points.map(([x]) => x), ...marks.map(({ x }) => x)];
  const y = axis(0, Math.max(0, ...points.map(([, value]) => value)), plot.bottom, plot.top);
  const x = axis(Math.min(0, ...xs), Math.max(0, ...xs), plot.left, plot.right, chart.xTicks === undefined);
  const ticks =
    chart.xTicks?.filter(([at]) => at <= x.highest) ?? x.ticks.map((at): [number, string] => [at, short(at)]);
  const drawn = chart.series.map(({ label, points }, index) => {
    const path = points.map(([at, value]) => `${n(x.at(at))},${n(y.at(value))}`).join(' ');
    return (
      `<polyline points="${path}" fill="none" stroke="${colour(index)}" stroke-width="1.8">` +
      `<title>${escaped(label)}</title></polyline>`
    );
  });
  const marked = marks.map(
    ({ x: at, label }) =>
      `<line x1="${n(x.at(at))}" x2="${n(x.at(at))}" y1="${plot.top}" y2="${plot.bottom}" class="mark"/>` +
      text(x.at(at) + 4, plot.top + 10, label, 'start'),
  );
  return (
    frame(y, chart.y) +
    ticks.map(([at, label]) => text(x.at(at), plot.bottom + 16, label, 'middle')).join('') +
    text((plot.left + plot.right) / 2, plot.bottom + 34, chart.x, 'middle') +
    drawn.join('') +
    marked.join('')
  );
}

interface Axis {
  highest: number;
  ticks: number[];
  at(value: number): number;
}

/** From a value range to pixels; `round` lets it end at a whole tick. */
function axis(lowest: number, highest: number, from: number, to: number, round = true): Axis {
  const span = highest - lowest || 1;
  const step = tickStep(span);
  const end = round ? lowest + Math.ceil(span / step) * step : lowest + span;
  const ticks: number[] = [];
  for (let tick = lowest; tick <= end + step / 1e6; tick += step) ticks.push(tick);
  return { highest: end, ticks, at: (value) => from + ((value - lowest) / (end - lowest)) * (to - from) };
}

/** 1, 2 or 5 times a power of ten, some five of them to the span. */
export function tickStep(span: number): number {
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = [1, 2, 5, 10].find((factor) => span / (factor * power) <= 5.5) ?? 10;
  return step * power;
}

function frame(y: Axis, unit: string): string {
  const rules = y.ticks.map(
    (tick) =>
      `<line x1="${plot.left}" x2="${plot.right}" y1="${n(y.at(tick))}" y2="${n(y.at(tick))}" class="rule"/>` +
      text(plot.left - 6, y.at(tick) + 4, short(tick), 'end'),
  );
  return rules.join('') + text(4, plot.top - 4, unit, 'start');
}

function legendOf(labels: string[]): string {
  const column = (plot.right - plot.left) / 4;
  return labels
    .map((label, index) => {
      const x = plot.left + (index % 4) * column;
      const y = height + legendGap + Math.floor(index / 4) * legendLine;
      return (
        `<rect x="${n(x)}" y="${y - 9}" width="10" height="10" fill="${colour(index)}"/>` +
        text(x + 14, y, label, 'start')
      );
    })
    .join('');
}

const colour = (index: number) => colours[index % colours.length] ?? '#000000';
const n = (value: number) => String(Math.round(value * 10) / 10);
const short = (value: number) =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Math.round(value * 100) / 100);

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

/** As lines of words, so that labels side by side don't run into each other. */
function wrapped(x: number, y: number, content: string): string {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < longestLabelLine) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => text(x, y + index * labelLine, line, 'middle')).join('');
}

export function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
