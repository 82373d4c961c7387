import { newestResult, withFigures } from '../../scripts/sizing';
import { readDocument } from './documents';

const { text } = readDocument('docs/sizing.md');

it('docs/sizing.md quotes the newest benchmark: npx tsx scripts/sizing.ts', () => {
  expect(text).toBe(withFigures(text, newestResult()));
});

it('has a figure of the benchmark nowhere else: it would not follow the next one', () => {
  const prose = text.replaceAll(/<!-- (\w+) -->[\s\S]*?<!-- \/\1 -->/g, '');
  const figures = Object.values(newestResult().result.summary)
    .filter((value) => typeof value === 'number' && !Number.isInteger(value))
    .map(String);
  expect(figures.length).toBeGreaterThan(100);
  expect(figures.filter((figure) => prose.split(/[^\d.]+/).includes(figure))).toEqual([]);
});
