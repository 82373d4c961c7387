import type { Chart } from '../../bench/charts';
import { pageOf } from '../../bench/page';
import { percentileChart } from '../../bench/percentile-figures';
import { printed, withShortArrays, withTable } from '../../bench/report';
import { readResult } from '../../bench/result';
import { svgOf, tickStep } from '../../bench/svg';

const bars: Chart = {
  kind: 'bars',
  title: 'Speed <of> "it"',
  unit: '/s',
  series: ['accepted', 'delivered'],
  groups: [
    { label: 'A & B', values: [100, 50] },
    { label: 'C', values: [null, 25] },
  ],
};
const kill: Chart = {
  kind: 'lines',
  title: 'kill',
  x: 'seconds',
  y: 'deliveries/s',
  series: [
    {
      label: 'received',
      points: [
        [0, 10],
        [1, 0],
      ],
    },
  ],
  marks: [{ x: 0.5, label: 'kill -9' }],
};
const heights = (svg: string) =>
  [...svg.matchAll(/height="([\d.]+)" fill[^>]*><title>/g)].map(([, height]) => Number(height));

it('draws bars as high as their values, and none for what is missing', () => {
  const [accepted = 0, delivered = 0, other = 0, ...more] = heights(svgOf(bars));
  expect(delivered).toBeCloseTo(accepted / 2, 0);
  expect(other).toBeCloseTo(accepted / 4, 0);
  expect(more).toEqual([]);
});

it('a stack is as high as its sum', () => {
  const svg = svgOf({ ...bars, stacked: true });
  expect(svg).toContain('>150</text>');
  expect(heights(svg)).toHaveLength(3);
});

it('draws lines from left to right, with marks', () => {
  const svg = svgOf(kill);
  expect(svg).toMatch(/<polyline points="64,16 \d+,256"/);
  expect(svg).toContain('class="mark"');
});

it.each([
  [1, 0.2],
  [7, 2],
  [100, 20],
  [2_400, 500],
])('a span of %d has ticks every %d', (span, step) => {
  expect(tickStep(span)).toBeCloseTo(step);
});

it('a percentile that no value stands for is not drawn', () => {
  const chart = percentileChart('t', { few: [1, 2], many: Array.from({ length: 1_000 }, (_, ms) => ms + 1) });
  const [few, many] = chart.kind === 'lines' ? chart.series : [];
  expect(few?.points.at(-1)).toEqual([expect.closeTo(0.301, 2), 1]);
  expect(many?.points.at(-1)).toEqual([3, 999]);
});

const result = readResult({
  at: '2026-11-22T12:00:00.000Z',
  parts: ['down'],
  settings: { BURSTS: 'off' },
  summary: { downHealthyRatio: 0.5, everhookP50Ms: 12, bareP50Ms: 11, bareEagerP50Ms: 10, commit: 'abc' },
  charts: [bars, kill],
});

it('a page needs nothing from elsewhere and runs nothing', () => {
  const page = pageOf(result);
  expect(page).toContain('MISSED');
  expect(page).toContain('BURSTS=off');
  expect(page).toContain('Speed &#60;of&#62; &#34;it&#34;');
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).not.toMatch(/<script|<link|<img|@import|url\(|(src|href)="(?!README\.md)/);
});

it('prints what is compared side by side', () => {
  const text = printed(result);
  expect(text).toMatch(/P50Ms\s+│\s+12 │\s+– │\s+– │\s+– │\s+11 │\s+10/);
  expect(text).toContain('downHealthyRatio');
});

it('reads a result of a version that kept less', () => {
  expect(readResult({ at: 'x', summary: { a: 1 }, rounds: {} })).toMatchObject({ charts: [], parts: [] });
});

it('writes arrays of numbers on a line each', () => {
  const json = withShortArrays(JSON.stringify({ a: [[1, -2.5], [3e21]], b: ['c'] }, null, 2));
  expect(json).toContain('[1, -2.5]');
  expect(JSON.parse(json)).toEqual({ a: [[1, -2.5], [3e21]], b: ['c'] });
});

it('replaces the table of runs and nothing else', () => {
  const before = 'before\n<!-- runs -->\nold\n<!-- /runs -->\nafter\n';
  const after = withTable(before, [{ name: '2026-11-22', summary: result.summary }]);
  expect(after).toMatch(/^before\n<!-- runs -->\n\n\| run \|[\s\S]*\| 0\.5 \|[\s\S]*\n\n<!-- \/runs -->\nafter\n$/);
  expect(after).not.toContain('old');
  expect(() => withTable('nothing', [])).toThrow('no <!-- runs -->');
});
