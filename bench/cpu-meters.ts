import { now } from './clock';
import { machineCpuMs } from './process-usage';

/** Reads the processor time that a process has used so far, in milliseconds, by the process's name. */
export type CpuMeters = Record<string, () => number | null>;

/** What the meters showed at a time. */
export interface CpuReading {
  /** Milliseconds of the monotonic clock. */
  at: number;
  processes: Record<string, number | null>;
  machine: number | null;
}

export interface CpuUse {
  /** Processor time for one of what was done, in milliseconds, by process; empty where the system doesn't tell. */
  msEach: Record<string, number>;
  /** Share of the machine that others used meanwhile, 0 to 1; null where the system doesn't tell. */
  othersShare: number | null;
}

export function readMeters(meters: CpuMeters): CpuReading {
  const processes = Object.fromEntries(Object.entries(meters).map(([name, read]) => [name, read()]));
  return { at: now(), processes, machine: machineCpuMs() };
}

/** What was used from one reading to the other, in which `count` things were done. */
export function cpuUse(
  before: CpuReading,
  after: CpuReading,
  { count, cores }: { count: number; cores: number },
): CpuUse {
  const spent = Object.keys(before.processes).flatMap((name): [string, number][] => {
    const [from, to] = [before.processes[name], after.processes[name]];
    return typeof from === 'number' && typeof to === 'number' ? [[name, to - from]] : [];
  });
  const ours = spent.reduce((sum, [, ms]) => sum + ms, 0);
  const machine = before.machine === null || after.machine === null ? null : after.machine - before.machine;
  return {
    msEach: Object.fromEntries(spent.map(([name, ms]) => [name, ms / count])),
    othersShare: machine === null ? null : Math.max(0, machine - ours) / ((after.at - before.at) * cores),
  };
}
