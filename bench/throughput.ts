import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock';
import { deliveryId, type Contender } from './contender';
import { cpuUse, readMeters, type CpuMeters } from './cpu-meters';
import type { Plan } from './plan';
import type { Receiver } from './receiver';

/** One round at saturation. */
export interface ThroughputRound {
  deliveriesPerSecond: number;
  /** Deliveries that came more than once. */
  repeats: number;
  /** Processor time a delivery in milliseconds, by process; empty where the system doesn't tell. */
  cpuMsPerDelivery: Record<string, number>;
  /** Share of the machine that others used meanwhile, 0 to 1; null where the system doesn't tell. */
  othersShare: number | null;
}

/** After the last arrival, workflows still end and rows are still marked: that belongs to the round. */
const tailMs = 1_500;

/**
 * Hands over a round's deliveries as fast as so many publishers can, and takes the time from the first hand-over to the
 * last first arrival.
 */
export async function measureThroughput(options: {
  contender: Contender;
  receiver: Receiver;
  group: string;
  plan: Plan['throughput'];
  processes: CpuMeters;
  cores: number;
  signal: AbortSignal;
}): Promise<ThroughputRound> {
  const { contender, receiver, group, plan, processes, cores, signal } = options;
  const before = readMeters(processes);
  const startedAt = now();
  const arrivals = receiver.arrivals(group, plan.deliveries, signal);
  arrivals.catch(() => {});
  let next = 0;
  const publisher = async () => {
    while (next < plan.deliveries && !signal.aborted) await contender.send(deliveryId(group, next++));
  };
  await Promise.all(Array.from({ length: plan.concurrency }, publisher));
  const { at, repeats } = await arrivals;
  const lastArrival = [...at.values()].reduce((latest, time) => Math.max(latest, time), startedAt);
  await sleep(tailMs, undefined, { signal });
  const { msEach, othersShare } = cpuUse(before, readMeters(processes), { count: plan.deliveries, cores });
  return {
    deliveriesPerSecond: plan.deliveries / ((lastArrival - startedAt) / 1000),
    repeats,
    cpuMsPerDelivery: msEach,
    othersShare,
  };
}
