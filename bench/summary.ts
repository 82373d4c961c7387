import type { BackoffResult } from './backoff';
import type { ConsentsResult } from './consents';
import type { CpuUse } from './cpu-meters';
import type { MachineFacts } from './machine';
import { median, percentile, rounded } from './statistics';
import type { ThroughputRound } from './throughput';

/** All that a run measured. `alone`: Everhook in one process. */
export interface Measurements {
  throughput: { everhook: ThroughputRound[]; bare: ThroughputRound[] };
  /** Milliseconds of each delivery, by round. */
  latency: { everhook: number[][]; alone: number[][]; bare: number[][] };
  backoff: BackoffResult;
  consents: ConsentsResult;
}

/** Figures by name, without any nesting: what two runs are compared by. */
export type Summary = Record<string, number | string | null>;

export function summarise(measurements: Measurements, machine: MachineFacts): Summary {
  const { throughput, latency, backoff, consents } = measurements;
  const everhook = contenderSummary('everhook', throughput.everhook, latency.everhook);
  const bare = contenderSummary('bare', throughput.bare, latency.bare);
  const alone = latencySummary('alone', latency.alone);
  const ratio = (name: string, digits = 2) =>
    rounded(Number(everhook[`everhook${name}`]) / Number(bare[`bare${name}`]), digits);
  return {
    throughputRatio: ratio('DeliveriesPerSecond'),
    latencyP50Ratio: ratio('P50Ms'),
    latencyP50RatioAlone: rounded(Number(alone.aloneP50Ms) / Number(bare.bareP50Ms), 2),
    latencyP95Ratio: ratio('P95Ms'),
    latencyP99Ratio: ratio('P99Ms'),
    ...everhook,
    ...alone,
    ...bare,
    backoffDeliveries: backoff.deliveries,
    backoffSeconds: rounded(backoff.seconds, 1),
    backoffWorkerMiBBefore: rounded(backoff.before, 1),
    backoffWorkerMiBPeak: rounded(backoff.peak, 1),
    backoffWorkerMiBWaiting: rounded(backoff.waiting, 1),
    backoffWorkerMiBRested: rounded(backoff.rested, 1),
    backoffApiMiBWaiting: rounded(backoff.apiWaiting, 1),
    ...consentsSummary(consents),
    ...machine,
  };
}

function contenderSummary(name: string, rounds: ThroughputRound[], latencies: number[][]): Summary {
  const speeds = rounds.map((round) => round.deliveriesPerSecond);
  const shares = rounds.map((round) => round.othersShare).filter((share) => share !== null);
  return {
    [`${name}DeliveriesPerSecond`]: rounded(median(speeds), 1),
    [`${name}DeliveriesPerSecondLeast`]: rounded(Math.min(...speeds), 1),
    [`${name}DeliveriesPerSecondMost`]: rounded(Math.max(...speeds), 1),
    [`${name}Repeats`]: rounds.reduce((sum, round) => sum + round.repeats, 0),
    ...latencySummary(name, latencies),
    ...cpuSummary(name, rounds),
    [`${name}OthersShareOfMachine`]: shares.length === 0 ? null : rounded(median(shares), 2),
  };
}

function latencySummary(name: string, latencies: number[][]): Summary {
  const times = latencies.flat();
  return {
    [`${name}P50Ms`]: rounded(percentile(times, 0.5), 1),
    [`${name}P95Ms`]: rounded(percentile(times, 0.95), 1),
    [`${name}P99Ms`]: rounded(percentile(times, 0.99), 1),
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

/** How late an expiry may be. */
const lagGoalMs = 5_000;

function consentsSummary(result: ConsentsResult): Summary {
  const { consents, lagMs, startCpu, expiryCpu } = result;
  const each = (name: string, { msEach }: CpuUse) =>
    Object.fromEntries(Object.entries(msEach).map(([part, ms]) => [`${name}CpuMs${part}`, rounded(ms, 2)]));
  return {
    consents,
    consentStartsPerSecond: rounded(result.startsPerSecond, 1),
    consentExpiriesPerSecond: rounded(result.expiriesPerSecond, 1),
    consentLagP50Ms: rounded(percentile(lagMs, 0.5), 0),
    consentLagP95Ms: rounded(percentile(lagMs, 0.95), 0),
    consentLagP99Ms: rounded(percentile(lagMs, 0.99), 0),
    consentLagMaxMs: rounded(percentile(lagMs, 1), 0),
    // One that has not expired, is not in time either.
    consentShareInTime: Math.floor((1e4 * lagMs.filter((ms) => ms <= lagGoalMs).length) / consents) / 1e4,
    consentWorkerMiBBefore: rounded(result.before, 1),
    consentWorkerMiBOpen: rounded(result.open, 1),
    consentWorkerMiBPeak: rounded(result.peak, 1),
    ...each('consentStart', startCpu),
    ...each('consentExpiry', expiryCpu),
    consentOthersShareOfMachine: expiryCpu.othersShare === null ? null : rounded(expiryCpu.othersShare, 2),
  };
}
