import type { Chart } from './charts';
import { aloneContender, bareContender, everhookContenders, type Contender } from './contenders';
import { measureLatency } from './latency';
import type { Bench, PartResult, Summary } from './part';
import { percentileChart, percentileFigures } from './percentile-figures';
import { residentMiB } from './process-usage';
import { eventsFor, measureSaturation, warmUp, type SaturationRound } from './saturation';
import { median, percentile, rounded } from './statistics';
import { createTeardown } from './teardown';

/** What the three parts that share their contenders are asked for. */
export interface Compared {
  throughput: boolean;
  latency: boolean;
  bare: boolean;
}

interface Measured {
  contender: Contender;
  rounds: SaturationRound[];
  /** By rate: milliseconds of each delivery. */
  steady: number[];
  half: number[];
  halfPerSecond: number | null;
  /** Resident MiB by process, after the last round at saturation. */
  memory: Record<string, number>;
}

/**
 * Throughput at saturation and latency, of Everhook as two processes and as one, and of bare Temporal likewise, in turns:
 * what disturbs the machine for a while disturbs all of them.
 */
export async function measureCompared(bench: Bench, parts: Compared): Promise<PartResult> {
  const { log, plan } = bench;
  const teardown = createTeardown((error) => log(`could not be stopped: ${String(error)}`));
  try {
    const contenders = await everhookContenders(bench, teardown);
    if (parts.latency) contenders.push(await aloneContender(bench, teardown));
    if (parts.bare) {
      contenders.push(await bareContender(bench, teardown, 2), await bareContender(bench, teardown, 1));
    }
    const measured = contenders
      .filter(({ name }) => parts.throughput || (name !== 'batch' && name !== 'fanOut'))
      .map((contender): Measured => {
        return { contender, rounds: [], steady: [], half: [], halfPerSecond: null, memory: {} };
      });
    for (const { contender } of measured) {
      const { name, label, firstEvents } = contender;
      const options = { group: name, firstEvents, seconds: plan.saturation.warmUpSeconds };
      const rate = await warmUp(bench, contender, options);
      bench.saturation.set(name, rate);
      log(`  warmed up ${label}: ${Math.round(rate)} deliveries/s`);
    }
    if (parts.latency) await latencies(bench, measured, 'steady');
    if (parts.throughput || parts.bare) await saturations(bench, measured);
    if (parts.latency) await latencies(bench, measured, 'half');
    return { summary: summarise(measured), charts: charts(measured) };
  } finally {
    await teardown.run();
  }
}

async function saturations(bench: Bench, measured: Measured[]): Promise<void> {
  const { rounds, seconds } = bench.plan.saturation;
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of measured) {
      const { name, label, copies, firstEvents, pids } = one.contender;
      const events = Math.max(firstEvents, eventsFor(bench.saturation.get(name) ?? 1, copies, seconds));
      const result = await measureSaturation(bench, one.contender, { group: `${name}t${round}`, events });
      one.rounds.push(result);
      one.memory = Object.fromEntries(Object.entries(pids).map(([part, pid]) => [part, residentMiB(pid)]));
      bench.saturation.set(name, median(one.rounds.map(({ deliveriesPerSecond }) => deliveriesPerSecond)));
      bench.log(
        `  ${label}: ${result.acceptedPerSecond.toFixed(0)} accepted/s, ${result.deliveriesPerSecond.toFixed(0)} delivered/s`,
      );
    }
  }
}

/** At the plan's rate, or at half of what each carries. Batches and copies are not for latencies. */
async function latencies(bench: Bench, measured: Measured[], rate: 'steady' | 'half'): Promise<void> {
  const { rounds, perSecond, seconds, halfSeconds } = bench.plan.latency;
  for (let round = 1; round <= rounds; round += 1) {
    for (const one of measured) {
      const { name, label, apply } = one.contender;
      if (name === 'batch' || name === 'fanOut') continue;
      const half = rounded((bench.saturation.get(name) ?? 0) / 2, 1);
      const load = rate === 'half' ? { perSecond: half, seconds: halfSeconds } : { perSecond, seconds };
      const times = await measureLatency(bench, apply, { group: `${name}${rate}${round}`, ...load });
      one[rate].push(...times);
      if (rate === 'half') one.halfPerSecond = half;
      bench.log(`  ${label} at ${load.perSecond}/s: p50 ${percentile(times, 0.5).toFixed(1)} ms`);
    }
  }
}

function summarise(measured: Measured[]): Summary {
  const figures: Summary = Object.assign({}, ...measured.map(summaryOf));
  const quotient = (name: string, above: string, below: string): Summary => {
    const [over, under] = [figures[above], figures[below]];
    return typeof over === 'number' && typeof under === 'number' ? { [name]: rounded(over / under, 2) } : {};
  };
  return {
    ...quotient('throughputRatio', 'everhookDeliveriesPerSecond', 'bareDeliveriesPerSecond'),
    ...quotient('latencyP50Ratio', 'everhookP50Ms', 'bareP50Ms'),
    ...quotient('latencyP50RatioAlone', 'aloneP50Ms', 'bareP50Ms'),
    ...quotient('latencyP50RatioEager', 'aloneP50Ms', 'bareEagerP50Ms'),
    ...quotient('everhookP99ToP50', 'everhookP99Ms', 'everhookP50Ms'),
    ...quotient('aloneP99ToP50', 'aloneP99Ms', 'aloneP50Ms'),
    ...figures,
  };
}

function summaryOf({ contender: { name }, rounds, steady, half, halfPerSecond, memory }: Measured): Summary {
  const of = (figure: keyof SaturationRound & `${string}PerSecond`) => rounds.map((round) => round[figure]);
  const speeds = of('deliveriesPerSecond');
  const shares = rounds.map((round) => round.othersShare).filter((share) => share !== null);
  return {
    ...(rounds.length > 0 && {
      [`${name}AcceptedPerSecond`]: rounded(median(of('acceptedPerSecond')), 1),
      [`${name}DeliveriesPerSecond`]: rounded(median(speeds), 1),
      [`${name}DeliveriesPerSecondLeast`]: rounded(Math.min(...speeds), 1),
      [`${name}DeliveriesPerSecondMost`]: rounded(Math.max(...speeds), 1),
      [`${name}SteadyPerSecond`]: rounded(median(of('steadyPerSecond')), 1),
      [`${name}Backlog`]: Math.round(median(rounds.map(({ backlog }) => backlog))),
      [`${name}Repeats`]: rounds.reduce((sum, round) => sum + round.repeats, 0),
      ...cpuSummary(name, rounds),
      ...Object.fromEntries(Object.entries(memory).map(([part, mib]) => [`${name}MiB${part}`, rounded(mib, 1)])),
      [`${name}OthersShareOfMachine`]: shares.length === 0 ? null : rounded(median(shares), 2),
    }),
    ...(steady.length > 0 && percentileFigures(name, steady)),
    ...(half.length > 0 && { [`${name}HalfPerSecond`]: halfPerSecond, ...percentileFigures(`${name}Half`, half) }),
  };
}

function cpuSummary(name: string, rounds: SaturationRound[]): Summary {
  return Object.fromEntries(
    cpuParts(rounds).map((part) => [`${name}CpuMs${part}`, rounded(cpuOf(rounds, part) ?? NaN, 3)]),
  );
}

const cpuParts = (rounds: SaturationRound[]) => [
  ...new Set(rounds.flatMap(({ cpuMsPerDelivery }) => Object.keys(cpuMsPerDelivery))),
];

function cpuOf(rounds: SaturationRound[], part: string): number | null {
  const values = rounds.flatMap(({ cpuMsPerDelivery }) => cpuMsPerDelivery[part] ?? []);
  return values.length === 0 ? null : median(values);
}

function charts(measured: Measured[]): Chart[] {
  const saturated = measured.filter(({ rounds }) => rounds.length > 0);
  const timesOf = (rate: 'steady' | 'half') =>
    Object.fromEntries(
      measured.filter((one) => one[rate].length > 0).map((one) => [one.contender.label, one[rate]] as const),
    );
  const [steady, half] = [timesOf('steady'), timesOf('half')];
  const parts = cpuParts(saturated.flatMap(({ rounds }) => rounds));
  return [
    ...(saturated.length > 0 ? [throughputChart(saturated), cpuChart(saturated, parts)] : []),
    ...(Object.keys(steady).length > 0 ? [percentileChart('From request to receiver, at a steady rate', steady)] : []),
    ...(Object.keys(half).length > 0
      ? [percentileChart('From request to receiver, at half of what each carries', half)]
      : []),
  ];
}

function throughputChart(measured: Measured[]): Chart {
  return {
    kind: 'bars',
    title: 'Throughput at saturation',
    unit: '/s',
    series: ['accepted', 'delivered'],
    groups: measured.map(({ contender, rounds }) => ({
      label: contender.label,
      values: [
        rounded(median(rounds.map(({ acceptedPerSecond }) => acceptedPerSecond)), 1),
        rounded(median(rounds.map(({ deliveriesPerSecond }) => deliveriesPerSecond)), 1),
      ],
    })),
  };
}

function cpuChart(measured: Measured[], parts: string[]): Chart {
  return {
    kind: 'bars',
    title: 'Processor time of a delivery at saturation',
    unit: 'ms',
    series: parts,
    stacked: true,
    groups: measured.map(({ contender, rounds }) => ({
      label: contender.label,
      values: parts.map((part) => {
        const ms = cpuOf(rounds, part);
        return ms === null ? null : rounded(ms, 3);
      }),
    })),
  };
}
