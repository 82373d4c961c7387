import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock';
import { deliveryId, type Contender } from './contender';
import { machineCpuMs } from './process-usage';
import type { Plan } from './plan';
import type { Receiver } from './receiver';

/** Reads the processor time that a process has used so far, in milliseconds, by the process's name. */
export type CpuMeters = Record<string, () => number | null>;

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
  const { contender, receiver, group, plan, processes, signal } = options;
  const before = usage(processes);
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
  const after = usage(processes);

  const spent = Object.keys(processes).flatMap((name): [string, number][] => {
    const [from, to] = [before.processes[name], after.processes[name]];
    return typeof from === 'number' && typeof to === 'number' ? [[name, to - from]] : [];
  });
  const ours = spent.reduce((sum, [, ms]) => sum + ms, 0);
  const machine = before.machine === null || after.machine === null ? null : after.machine - before.machine;
  return {
    deliveriesPerSecond: plan.deliveries / ((lastArrival - startedAt) / 1000),
    repeats,
    cpuMsPerDelivery: Object.fromEntries(spent.map(([name, ms]) => [name, ms / plan.deliveries])),
    othersShare: machine === null ? null : Math.max(0, machine - ours) / ((after.at - before.at) * options.cores),
  };
}

function usage(meters: CpuMeters) {
  const processes = Object.fromEntries(Object.entries(meters).map(([name, read]) => [name, read()]));
  return { at: now(), processes, machine: machineCpuMs() };
}
