import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { compare, type ComparedFigure } from '../bench/comparison';
import { readResult } from '../bench/result';

/** Prints two results of the benchmark beside each other: `npm run bench:compare BEFORE.json AFTER.json [--changed]`. */
function main(args: string[]): void {
  const files = args.filter((arg) => !arg.startsWith('--'));
  const [before, after] = files.map((file) => readResult(JSON.parse(readFileSync(file, 'utf8'))));
  if (files.length !== 2 || !before || !after) throw new Error('usage: npm run bench:compare BEFORE.json AFTER.json');
  const figures = compare(before.summary, after.summary);
  const shown = args.includes('--changed') ? figures.filter(({ verdict }) => verdict !== '') : figures;
  const table = new Table({
    head: ['', before.at, after.at, 'ratio', ''],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const { name, before, after, ratio, verdict } of shown) {
    table.push([name, cell(before), cell(after), cell(ratio), verdict]);
  }
  console.log(table.toString());
  const count = (wanted: ComparedFigure['verdict']) => figures.filter(({ verdict }) => verdict === wanted).length;
  console.log(`${count('better')} better, ${count('worse')} worse, by more than a twentieth`);
}

function cell(value: number | string | null): string {
  return value === null ? '–' : String(value);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
