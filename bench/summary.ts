import type { BackoffResult } from './backoff';
import type { MachineFacts } from './machine';
import { median, percentile, rounded } from './statistics';
import type { ThroughputRound } from './throughput';

/** All that a run measured, of both contenders. */
export interface Measurements {
  throughput: { everhook: ThroughputRound[]; bare: ThroughputRound[] };
  /** Milliseconds of each delivery, by round. */
  latency: { everhook: number[][]; bare: number[][] };
  backoff: BackoffResult;
}

/** Figures by name, without any nesting: what two runs are compared by. */
export type Summary = Record<string, number | string | null>;

export function summarise({ throughput, latency, backoff }: Measurements, machine: MachineFacts): Summary {
  const everhook = contenderSummary('everhook', throughput.everhook, latency.everhook);
  const bare = contenderSummary('bare', throughput.bare, latency.bare);
  const ratio = (name: string, digits = 2) =>
    rounded(Number(everhook[`everhook${name}`]) / Number(bare[`bare${name}`]), digits);
  return {
    throughputRatio: ratio('DeliveriesPerSecond'),
    latencyP50Ratio: ratio('P50Ms'),
    latencyP95Ratio: ratio('P95Ms'),
    latencyP99Ratio: ratio('P99Ms'),
    ...everhook,
    ...bare,
    backoffDeliveries: backoff.deliveries,
    backoffSeconds: rounded(backoff.seconds, 1),
    backoffWorkerMiBBefore: rounded(backoff.before, 1),
    backoffWorkerMiBPeak: rounded(backoff.peak, 1),
    backoffWorkerMiBWaiting: rounded(backoff.waiting, 1),
    backoffWorkerMiBRested: rounded(backoff.rested, 1),
    backoffApiMiBWaiting: rounded(backoff.apiWaiting, 1),
    ...machine,
  };
}

function contenderSummary(name: string, rounds: ThroughputRound[], latencies: number[][]): Summary {
  const speeds = rounds.map((round) => round.deliveriesPerSecond);
  const times = latencies.flat();
  const shares = rounds.map((round) => round.othersShare).filter((share) => share !== null);
  return {
    [`${name}DeliveriesPerSecond`]: rounded(median(speeds), 1),
    [`${name}DeliveriesPerSecondLeast`]: rounded(Math.min(...speeds), 1),
    [`${name}DeliveriesPerSecondMost`]: rounded(Math.max(...speeds), 1),
    [`${name}Repeats`]: rounds.reduce((sum, round) => sum + round.repeats, 0),
    [`${name}P50Ms`]: rounded(percentile(times, 0.5), 1),
    [`${name}P95Ms`]: rounded(percentile(times, 0.95), 1),
    [`${name}P99Ms`]: rounded(percentile(times, 0.99), 1),
    ...cpuSummary(name, rounds),
    [`${name}OthersShareOfMachine`]: shares.length === 0 ? null : rounded(median(shares), 2),
  };
}

function cpuSummary(name: string, rounds: ThroughputRound[]): Summary {
  const processes = [...new Set(rounds.flatMap((round) => Object.keys(round.cpuMsPerDelivery)))];
  return Object.fromEntries(
    processes.map((part) => [
      `${name}CpuMs${part}`,
      rounded(median(rounds.map((round) => round.cpuMsPerDelivery[part] ?? NaN)), 2),
    ]),
  );
}
