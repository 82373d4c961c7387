import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second, whatever its kernel's own tick is. */
const msPerTick = 10;

export interface ProcessStat {
  command: string;
  parentPid: number;
  /** Processor time of the process itself, in milliseconds. */
  cpuMs: number;
  /** And of its children that have ended. */
  endedChildrenCpuMs: number;
}

/** Reads a line of `/proc/<pid>/stat`. The command stands in parentheses and may contain anything, those too. */
export function parseProcessStat(line: string): ProcessStat {
  const end = line.lastIndexOf(')');
  const fields = line.slice(end + 2).split(' ');
  const ticks = (index: number) => Number(fields[index]) * msPerTick;
  return {
    command: line.slice(line.indexOf('(') + 1, end),
    parentPid: Number(fields[1]),
    cpuMs: ticks(11) + ticks(12),
    endedChildrenCpuMs: ticks(13) + ticks(14),
  };
}

function readStat(pid: number): ProcessStat | null {
  const line = readProc(`${pid}/stat`);
  return line === null ? null : parseProcessStat(line);
}

/** Null: it is gone, or this system has no /proc. */
function readProc(name: string): string | null {
  try {
    return readFileSync(`/proc/${name}`, 'utf8');
  } catch {
    return null;
  }
}

/** Running children of a process; none where there is no /proc. */
export function readChildren(parentPid: number): (ProcessStat & { pid: number })[] {
  let names: string[] = [];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(Number(name));
      return stat?.parentPid === parentPid ? [{ ...stat, pid: Number(name) }] : [];
    });
}

/** Processor time of a process so far, in milliseconds; null where the system doesn't tell. */
export function cpuMsOf(pid: number | null): number | null {
  return (pid === null ? null : readStat(pid)?.cpuMs) ?? null;
}

/** The same with its children, ended ones too: PostgreSQL is a process a connection. */
export function cpuMsWithChildren(pid: number | null): number | null {
  const stat = pid === null ? null : readStat(pid);
  if (pid === null || stat === null) return null;
  const children = readChildren(pid).reduce((sum, child) => sum + child.cpuMs + child.endedChildrenCpuMs, 0);
  return stat.cpuMs + stat.endedChildrenCpuMs + children;
}

/** Processor time that the whole machine has spent so far, in milliseconds. */
export function machineCpuMs(): number | null {
  const line = readProc('stat')?.split('\n', 1)[0];
  if (line === undefined) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line.split(/ +/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq) * msPerTick;
}

/** Memory of a process that is resident, in MiB. */
export function residentMiB(pid: number): number {
  const status = readProc(`${pid}/status`);
  const kib = status === null ? execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }) : status;
  return Number(/(?:VmRSS:\s*|^\s*)(\d+)/m.exec(kib)?.[1]) / 1024;
}
