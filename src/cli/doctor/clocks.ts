import { findingsOf, type Finding } from './finding';

const { ok, warning, failed } = findingsOf('clocks');

const warnAboveMs = 2_000;
const failAboveMs = 60_000;

/** A reading of another clock, by whoever asked for it. Milliseconds of Unix. */
export interface ClockReading {
  asked: number;
  answered: number;
  theirs: number;
}

/** How far this machine is from another one, give or take how long the answer took. */
export function judgeClock(name: string, { asked, answered, theirs }: ClockReading): Finding {
  const off = theirs - (asked + answered) / 2;
  const margin = (answered - asked) / 2;
  const certain = Math.max(0, Math.abs(off) - margin);
  const detail = `this machine is ${seconds(Math.abs(off))} ${off > 0 ? 'behind' : 'ahead'}, ±${seconds(margin)}`;
  const mend = 'synchronise the clocks: timedatectl set-ntp true, or chronyc makestep';
  if (certain > failAboveMs) return failed(name, detail, mend);
  return certain > warnAboveMs ? warning(name, detail, mend) : ok(name, detail);
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
