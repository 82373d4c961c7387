import { setTimeout as sleep } from 'node:timers/promises';
import { cpuUse, readMeters, type CpuMeters } from './cpu-meters';
import type { ApplyLoad } from './load';
import type { Bench } from './part';
import { percentile } from './statistics';

/** A load that is offered as fast as it is taken. */
export interface Saturation {
  apply: ApplyLoad;
  /** Requests at once. */
  lanes: number;
  /** Deliveries of an event. */
  copies: number;
  meters: CpuMeters;
}

/** One round at saturation. */
export interface SaturationRound {
  events: number;
  /** From the first request until the last one was answered. */
  acceptedPerSecond: number;
  /** From the first request until the last delivery was received. */
  deliveriesPerSecond: number;
  /** Between the tenth and the ninetieth hundredth of the deliveries. */
  steadyPerSecond: number;
  /** Accepted and not received yet, when the last request was answered. */
  backlog: number;
  /** Deliveries that came more than once. */
  repeats: number;
  /** Processor time a delivery in milliseconds, by process; empty where the system doesn't tell. */
  cpuMsPerDelivery: Record<string, number>;
  /** Share of the machine that others used meanwhile, 0 to 1; null where the system doesn't tell. */
  othersShare: number | null;
}

const mostEvents = 200_000;

export async function measureSaturation(
  bench: Pick<Bench, 'receiver' | 'signal' | 'cores' | 'plan'>,
  { apply, lanes, copies, meters }: Saturation,
  { group, events }: { group: string; events: number },
): Promise<SaturationRound> {
  const { receiver, signal, cores } = bench;
  const before = readMeters(meters);
  const expected = events * copies;
  const { startedAt, acceptedAt } = await apply({ kind: 'saturate', group, count: events, lanes });
  await receiver.reach(group, expected, signal);
  const { times, again } = await receiver.arrivals(group);
  await sleep(bench.plan.saturation.tailMs, undefined, { signal });
  const { msEach, othersShare } = cpuUse(before, readMeters(meters), { count: expected, cores });
  return {
    events,
    ...speeds({ startedAt, acceptedAt, times, events }),
    repeats: again.length,
    cpuMsPerDelivery: msEach,
    othersShare,
  };
}

/** Times in milliseconds of one clock, speeds a second. */
export function speeds({
  startedAt,
  acceptedAt,
  times,
  events,
}: {
  startedAt: number;
  acceptedAt: number;
  times: Float64Array;
  events: number;
}) {
  const sorted = Array.from(times).sort((a, b) => a - b);
  const at = (share: number) => percentile(sorted, share);
  return {
    acceptedPerSecond: (1000 * events) / (acceptedAt - startedAt),
    deliveriesPerSecond: (1000 * sorted.length) / (at(1) - startedAt),
    steadyPerSecond: (1000 * 0.8 * sorted.length) / (at(0.9) - at(0.1)),
    backlog: sorted.filter((time) => time > acceptedAt).length,
  };
}

/**
 * Runs rounds that get longer until one takes so many seconds: code gets compiled, tables get statistics, and the speed
 * says how many events a measured round takes. Resolves with deliveries a second.
 */
export async function warmUp(
  bench: Pick<Bench, 'receiver' | 'signal'>,
  { apply, lanes, copies }: Omit<Saturation, 'meters'>,
  { group, firstEvents, seconds }: { group: string; firstEvents: number; seconds: number },
): Promise<number> {
  let events = firstEvents;
  for (let turn = 1; ; turn += 1) {
    const name = `${group}w${turn}`;
    const { startedAt } = await apply({ kind: 'saturate', group: name, count: events, lanes });
    await bench.receiver.reach(name, events * copies, bench.signal);
    const { times } = await bench.receiver.arrivals(name);
    const took = (percentile(Array.from(times), 1) - startedAt) / 1000;
    const rate = (events * copies) / took;
    // Whatever it is slow at first by, four rounds are over it.
    if (took >= seconds * 0.7 || turn === 4) return rate;
    events = eventsFor(rate, copies, seconds);
  }
}

/** How many events keep it busy for so long. */
export function eventsFor(deliveriesPerSecond: number, copies: number, seconds: number): number {
  return Math.min(mostEvents, Math.max(1, Math.ceil((deliveriesPerSecond * seconds) / copies)));
}
