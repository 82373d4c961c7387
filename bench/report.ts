import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import { z } from 'zod';
import { judge } from './goals';
import type { Summary } from './summary';

/** A run as it is stored. */
export interface BenchResult {
  at: string;
  plan: object;
  summary: Summary;
  /** Every round, for who doubts the medians. */
  rounds: object;
}

const storedResult = z.object({
  at: z.string(),
  summary: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
});

const plain = { head: [], border: [] };

/** The figures as tables for a terminal, the goals last. */
export function printed(summary: Summary): string {
  const compared = new Table({
    head: ['', 'Everhook', 'in one process', 'bare Temporal'],
    style: plain,
    colAligns: ['left', 'right', 'right', 'right'],
  });
  const both = (label: string, name: string) =>
    compared.push([label, ...['everhook', 'alone', 'bare'].map((contender) => shown(summary[`${contender}${name}`]))]);
  both('deliveries/s at saturation, median of rounds', 'DeliveriesPerSecond');
  both('  slowest round', 'DeliveriesPerSecondLeast');
  both('  fastest round', 'DeliveriesPerSecondMost');
  both('p50 from request to receiver, ms', 'P50Ms');
  both('p95', 'P95Ms');
  both('p99', 'P99Ms');
  for (const part of cpuParts(summary)) both(`CPU ms a delivery: ${part}`, `CpuMs${part}`);
  both('deliveries that came twice', 'Repeats');
  both('share of the machine that others used', 'OthersShareOfMachine');

  const backoff = new Table({ style: plain });
  backoff.push(
    ['deliveries in backoff', shown(summary.backoffDeliveries)],
    ['seconds until all waited', shown(summary.backoffSeconds)],
    ['worker MiB before', shown(summary.backoffWorkerMiBBefore)],
    ['worker MiB at most', shown(summary.backoffWorkerMiBPeak)],
    ['worker MiB when all waited', shown(summary.backoffWorkerMiBWaiting)],
    ['worker MiB 10 s later', shown(summary.backoffWorkerMiBRested)],
    ['API MiB when all waited', shown(summary.backoffApiMiBWaiting)],
  );

  const consents = new Table({ style: plain });
  consents.push(
    ['consents open at once', shown(summary.consents)],
    ['started a second', shown(summary.consentStartsPerSecond)],
    ['expired a second', shown(summary.consentExpiriesPerSecond)],
    ['p50 from deadline to stored expiry, ms', shown(summary.consentLagP50Ms)],
    ['p95', shown(summary.consentLagP95Ms)],
    ['p99', shown(summary.consentLagP99Ms)],
    ['latest', shown(summary.consentLagMaxMs)],
    ['share within 5 s', shown(summary.consentShareInTime)],
    ['worker MiB before', shown(summary.consentWorkerMiBBefore)],
    ['worker MiB when all are open', shown(summary.consentWorkerMiBOpen)],
    ['worker MiB at most', shown(summary.consentWorkerMiBPeak)],
    ...namesAfter('consentStartCpuMs', summary).map((part) => [
      `CPU ms a start / an expiry: ${part}`,
      `${shown(summary[`consentStartCpuMs${part}`])} / ${shown(summary[`consentExpiryCpuMs${part}`])}`,
    ]),
    ['share of the machine that others used meanwhile', shown(summary.consentOthersShareOfMachine)],
  );

  const judged = new Table({ head: ['goal', 'asked', 'measured', ''], style: plain });
  for (const { description, goal, value, met } of judge(summary)) {
    judged.push([description, goal, value, met ? 'met' : 'MISSED']);
  }
  return [compared, backoff, consents, judged].map(String).join('\n');
}

function cpuParts(summary: Summary): string[] {
  return [...new Set([...namesAfter('everhookCpuMs', summary), ...namesAfter('bareCpuMs', summary)])];
}

/** What stands after `start` in the names of figures. */
function namesAfter(start: string, summary: Summary): string[] {
  return Object.keys(summary).flatMap((name) => (name.startsWith(start) ? [name.slice(start.length)] : []));
}

function shown(value: number | string | null | undefined): string {
  return value === null || value === undefined ? '–' : String(value);
}

/** Writes the result as `<date>.json` and makes the directory's README.md anew from all results in it. */
export async function record(directory: string, result: BenchResult): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, `${result.at.slice(0, 10)}.json`);
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  const results = await Promise.all(
    names.map(async (name) => ({
      name,
      ...storedResult.parse(JSON.parse(await readFile(path.join(directory, name), 'utf8'))),
    })),
  );
  await writeFile(path.join(directory, 'README.md'), page(results));
  return file;
}

function page(results: { name: string; at: string; summary: Summary }[]): string {
  const rows = results
    .reverse()
    .map(({ name, summary }) => [
      `[${name.replace('.json', '')}](${name})`,
      `${shown(summary.commit)}, ${shown(summary.cores)} cores, node ${shown(summary.node)}`,
      `${shown(summary.everhookDeliveriesPerSecond)} / ${shown(summary.bareDeliveriesPerSecond)} = ${shown(summary.throughputRatio)}`,
      `${shown(summary.everhookP50Ms)} / ${shown(summary.bareP50Ms)} ms = ${shown(summary.latencyP50Ratio)}`,
      `${shown(summary.aloneP50Ms)} ms = ${shown(summary.latencyP50RatioAlone)}`,
      `${shown(summary.everhookP99Ms)} / ${shown(summary.bareP99Ms)} ms`,
      `${shown(summary.backoffWorkerMiBPeak)} MiB with ${shown(summary.backoffDeliveries)}`,
      `${shown(summary.consentLagP99Ms)} / ${shown(summary.consentLagMaxMs)} ms of ${shown(summary.consents)}`,
      `${shown(summary.consentStartsPerSecond)} / ${shown(summary.consentExpiriesPerSecond)}`,
      `${shown(summary.consentWorkerMiBPeak)} MiB`,
    ]);
  const head = [
    'run',
    'on',
    'deliveries/s, Everhook / bare',
    'p50 at 20/s, Everhook / bare',
    'the same in one process',
    'p99, Everhook / bare',
    'worker full of backoff, at most',
    'consents after their deadline, p99 / latest',
    'consents/s, started / expired',
    'worker with them, at most',
  ];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return `# Benchmarks

Made by \`npm run bench\`; not to be edited. Everhook (API and worker, a process each, unless it says one) beside bare Temporal (the smallest
workflow, one local activity that makes the same POST) in one run on one machine, in turns, both on Temporal 1.32.1 on
PostgreSQL 18 with fsync. The figures of two runs on different machines can't be compared, their ratios can.

${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}
`;
}
