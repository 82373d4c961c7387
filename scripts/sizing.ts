/**
 * The figures of docs/sizing.md, made from the newest result in docs/benchmarks.
 *
 * Usage: npx tsx scripts/sizing.ts   (test/docs/sizing.test.ts says when)
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readResult, type BenchResult } from '../bench/result';

const root = path.resolve(__dirname, '..');
const results = path.join(root, 'docs', 'benchmarks');
const page = path.join(root, 'docs', 'sizing.md');

/** What carries a delivery, as the benchmark names its processes. */
const carriers = ['Api', 'Worker', 'Temporal', 'PostgreSQL'] as const;
const carrierNames = { Api: 'API', Worker: 'workers', Temporal: 'Temporal', PostgreSQL: 'PostgreSQL' };
const kinds = { everhook: 'single events', batch: 'batches of 100', fanOut: '10 webhooks an event' } as const;
type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];

/** The result that was measured last: its file's name, and what is in it. */
export function newestResult(): { name: string; result: BenchResult } {
  const name = readdirSync(results)
    .filter((file) => /^\d{4}-\d{2}-\d{2}.*\.json$/.test(file))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error('docs/benchmarks has no result');
  return { name, result: readResult(JSON.parse(readFileSync(path.join(results, name), 'utf8'))) };
}

/** The page with its figures as they follow from a result. @throws Error when a figure or a marker is missing */
export function withFigures(text: string, { name, result }: ReturnType<typeof newestResult>): string {
  const figure = (key: string): number => {
    const value = result.summary[key];
    if (typeof value !== 'number') throw new Error(`${name} has no ${key}`);
    return value;
  };
  return [
    { marker: 'machine', content: machine(name, result) },
    { marker: 'throughput', content: throughput(figure) },
    { marker: 'workflow', content: workflow(figure) },
    { marker: 'memory', content: memory(figure) },
    { marker: 'example', content: example(figure) },
    { marker: 'faults', content: faults(figure) },
  ].reduce((before, { marker, content }) => between(before, marker, content), text);
}

type Figure = (key: string) => number;

function machine(name: string, { at, summary }: BenchResult): string {
  return (
    `Measured on ${at.slice(0, 10)}: ${summary.cores} cores (${summary.processor}), ${summary.memoryGiB} GiB, Node.js ` +
    `${summary.node}, [all figures](benchmarks/${name.replace('.json', '.html')}), [as JSON](benchmarks/${name}). ` +
    'Everything shares those cores: API, worker, Temporal, PostgreSQL, the load generator and the receiver.'
  );
}

/** Milliseconds of processor time that a delivery costs in all. */
const cost = (figure: Figure, kind: Kind) => carriers.reduce((sum, carrier) => sum + cpu(figure, kind, carrier), 0);

const cpu = (figure: Figure, kind: Kind, carrier: (typeof carriers)[number]) => figure(`${kind}CpuMs${carrier}`);

function throughput(figure: Figure): string {
  const row = (label: string, cell: (kind: Kind) => string | number) =>
    `| ${label} | ${kindNames.map(cell).join(' | ')} |`;
  return [
    row('', (kind) => kinds[kind]),
    '|---|---|---|---|',
    row('deliveries a second, the median of the rounds', (kind) => figure(`${kind}DeliveriesPerSecond`)),
    row(
      'the slowest and the fastest round',
      (kind) => `${figure(`${kind}DeliveriesPerSecondLeast`)} to ${figure(`${kind}DeliveriesPerSecondMost`)}`,
    ),
    ...carriers.map((carrier) =>
      row(`ms of CPU a delivery, ${carrierNames[carrier]}`, (kind) => cpu(figure, kind, carrier)),
    ),
    row('**in all**', (kind) => `**${cost(figure, kind).toFixed(2)}**`),
    row('deliveries a second that one core carries', (kind) => Math.floor(1000 / cost(figure, kind))),
  ].join('\n');
}

/** What a run of its own costs at least: bare Temporal's, which is the smallest workflow there is. */
function workflow(figure: Figure): string {
  const sum = (prefix: string, names: readonly string[]) =>
    names.reduce((total, name) => total + figure(`${prefix}CpuMs${name}`), 0).toFixed(0);
  const temporal = carriers.filter((carrier) => carrier !== 'Api');
  return [
    '| what | ms of CPU in all |',
    '|---|---|',
    `| the smallest workflow there is, with one request | ${sum('bare', temporal)} |`,
    `| a consent that is created | ${sum('consentStart', carriers)} |`,
    `| a consent that expires | ${sum('consentExpiry', carriers)} |`,
  ].join('\n');
}

function memory(figure: Figure): string {
  return [
    '| process | when | MiB |',
    '|---|---|---|',
    `| API | after single events at saturation | ${figure('everhookMiBApi')} |`,
    `| worker | after single events at saturation | ${figure('everhookMiBWorker')} |`,
    `| both in one | after single events at saturation | ${figure('aloneMiBApi')} |`,
    `| worker | ${figure('backoffDeliveries')} deliveries between two attempts, at most | ${figure('backoffWorkerMiBPeak')} |`,
    `| worker | ${figure('consents')} open consents, at most | ${figure('consentWorkerMiBPeak')} |`,
  ].join('\n');
}

const wanted = { events: 200, webhooks: 2, peak: 3 };

function example(figure: Figure): string {
  const perSecond = wanted.events * wanted.webhooks * wanted.peak;
  const cores = (milliseconds: number) => ((perSecond * milliseconds) / 1000).toFixed(1);
  const shares = carriers.map((carrier) => `${carrierNames[carrier]} ${cores(cpu(figure, 'everhook', carrier))}`);
  return (
    `**Example.** ${wanted.events} single events a second on an ordinary day, for ${wanted.webhooks} webhooks each, and ` +
    `${wanted.peak} times as many in the busiest minute, are ${perSecond} deliveries a second. At ` +
    `${cost(figure, 'everhook').toFixed(2)} ms each that is ${cores(cost(figure, 'everhook'))} cores: ${shares.join(', ')}. ` +
    'Take twice that, so that a worker may be missing and a backlog can be worked off.'
  );
}

function faults(figure: Figure): string {
  return [
    '| what happened | what it cost |',
    '|---|---|',
    `| the only worker was killed at ${figure('killRestartPerSecondBefore')} deliveries/s, and started again at once | ` +
      `lost ${figure('killRestartLost')}, twice ${figure('killRestartDuplicates')}, flows again after ${figure('killRestartFlowsAgainSeconds')} s |`,
    `| one of two workers was killed at ${figure('killSecondPerSecondBefore')} deliveries/s | ` +
      `lost ${figure('killSecondLost')}, twice ${figure('killSecondDuplicates')}, flows again after ${figure('killSecondFlowsAgainSeconds')} s |`,
    `| ${figure('hangingQueued')} deliveries to a receiver that never answers | another tenant's p95 is ` +
      `${figure('hangingHealthyP95Ms')} ms, ${figure('hangingBesideNothingP95Ms')} ms without |`,
    `| ${figure('backoffDeliveries')} deliveries are due at once, after an outage | delivered within ${figure('backoffDrainSeconds')} s |`,
    `| ${figure('consentsExpiring')} consents expire, ${figure('consentExpiriesPerSecond')} a second | p95 ` +
      `${figure('consentLagP95Ms')} ms after their deadline, the last ${figure('consentLagMaxMs')} ms |`,
  ].join('\n');
}

function between(text: string, marker: string, content: string): string {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/sizing.md has no ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}

if (require.main === module) writeFileSync(page, withFigures(readFileSync(page, 'utf8'), newestResult()));
