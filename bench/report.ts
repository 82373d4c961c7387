import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import { judge } from './goals';
import { pageOf } from './page';
import type { Summary } from './part';
import { readResult, type BenchResult } from './result';

const plain = { head: [], border: [] };
/** Without rules between rows: there are many. */
const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
/** Between them, the directory's README.md has what is made from the results. */
const [tableBegins, tableEnds] = ['<!-- runs -->', '<!-- /runs -->'];

/** What the figures of those that are compared begin with, the longest first: one is the beginning of another. */
const contenders = ['bareEager', 'everhook', 'fanOut', 'alone', 'batch', 'bare'];
const columns = ['everhook', 'batch', 'fanOut', 'alone', 'bare', 'bareEager'];

/** Every figure and the goals as tables for a terminal: what is compared side by side, the rest as it comes. */
export function printed({ summary, parts }: Pick<BenchResult, 'summary' | 'parts'>): string {
  const side = new Map<string, Record<string, number | string | null>>();
  const rest: string[] = [];
  for (const [name, value] of Object.entries(summary)) {
    const contender = contenders.find((one) => name.startsWith(one));
    // `everhookP99ToP50` and its like are ratios: they stand with the others.
    if (contender === undefined || name.endsWith('ToP50')) rest.push(`${name.padEnd(40)} ${shown(value)}`);
    else side.set(name.slice(contender.length), { ...side.get(name.slice(contender.length)), [contender]: value });
  }
  const compared = new Table({
    head: ['', ...columns],
    style: plain,
    colAligns: ['left', ...columns.map(right)],
    chars,
  });
  for (const [figure, values] of side) compared.push([figure, ...columns.map((column) => shown(values[column]))]);
  const judged = new Table({ head: ['goal', 'asked', 'measured', ''], style: plain, chars });
  for (const { description, goal, value, met } of judge(summary, parts)) {
    judged.push([description, goal, value, met ? 'MET' : 'MISSED']);
  }
  return [...(side.size > 0 ? [compared.toString()] : []), rest.join('\n'), judged.toString()].join('\n\n');
}

const right = () => 'right' as const;

function shown(value: number | string | null | undefined): string {
  return value === null || value === undefined ? '–' : String(value);
}

/** Writes the result as JSON and as a page beside it. */
export async function write(file: string, result: BenchResult): Promise<void> {
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  await writeFile(file, `${withShortArrays(JSON.stringify(result, null, 2))}\n`);
  await writeFile(pageFile(file), pageOf(result));
}

/** Arrays of numbers on one line each: a result is read, and its changes too. */
export function withShortArrays(json: string): string {
  return json.replace(
    /\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g,
    (_, numbers: string) => `[${numbers.replace(/\s+/g, ' ')}]`,
  );
}

const pageFile = (file: string) => `${file.replace(/\.json$/, '')}.html`;

/** Writes the result as `<date>.json` with its page, and makes the table of the directory's README.md anew. */
export async function record(directory: string, result: BenchResult): Promise<string> {
  const file = path.join(directory, `${result.at.slice(0, 10)}.json`);
  await write(file, result);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  const results = await Promise.all(
    names.map(async (name) => ({
      name: name.replace(/\.json$/, ''),
      summary: readResult(JSON.parse(await readFile(path.join(directory, name), 'utf8'))).summary,
    })),
  );
  const readme = path.join(directory, 'README.md');
  const before = await readFile(readme, 'utf8');
  await writeFile(readme, withTable(before, results.reverse()));
  return file;
}

/** @throws Error when the text has no place for the table */
export function withTable(text: string, results: { name: string; summary: Summary }[]): string {
  const [begin, end] = [text.indexOf(tableBegins), text.indexOf(tableEnds)];
  if (begin < 0 || end < begin) throw new Error(`no ${tableBegins} and ${tableEnds} to put the table between`);
  return `${text.slice(0, begin)}${tableBegins}\n\n${tableOf(results)}\n\n${text.slice(end)}`;
}

function tableOf(results: { name: string; summary: Summary }[]): string {
  const columns: [string, (of: (name: string) => string) => string][] = [
    ['on', (of) => `${of('commit')}, ${of('cores')} cores, node ${of('node')}`],
    [
      'deliveries/s, Everhook / bare',
      (of) => `${of('everhookDeliveriesPerSecond')} / ${of('bareDeliveriesPerSecond')} = ${of('throughputRatio')}`,
    ],
    [
      'batches, accepted / delivered',
      (of) => `${of('batchAcceptedPerSecond')} / ${of('batchDeliveriesPerSecond')} a second`,
    ],
    [
      'p50 at 20/s, one process / bare, eager',
      (of) => `${of('aloneP50Ms')} / ${of('bareEagerP50Ms')} ms = ${of('latencyP50RatioEager')}`,
    ],
    ['p50, two processes / bare', (of) => `${of('everhookP50Ms')} / ${of('bareP50Ms')} ms = ${of('latencyP50Ratio')}`],
    ['p95 beside a hanging receiver', (of) => `${of('hangingHealthyP95Ms')} ms`],
    [
      'kill -9: lost, twice, flows after',
      (of) => `${of('killRestartLost')}, ${of('killRestartDuplicates')}, ${of('killRestartFlowsAgainSeconds')} s`,
    ],
    ['beside a receiver that is down', (of) => of('downHealthyRatio')],
    ['worker full of backoff, at most', (of) => `${of('backoffWorkerMiBPeak')} MiB with ${of('backoffDeliveries')}`],
    ['with open consents', (of) => `${of('consentWorkerMiBPeak')} MiB with ${of('consents')}`],
  ];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const rows = results.map(({ name, summary }) =>
    line([
      `[${name}](${name}.html) ([JSON](${name}.json))`,
      ...columns.map(([, cell]) => cell((key) => shown(summary[key]))),
    ]),
  );
  const head = ['run', ...columns.map(([title]) => title)];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}
