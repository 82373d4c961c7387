import { Command, InvalidArgumentError } from 'commander';
import { partNames } from './parts';
import { fullPlan, longPlan, quickPlan, type Plan } from './plan';

export interface Options {
  plan: Plan;
  /** Of the parts to run. */
  only: readonly string[];
  /** Full, and every part: a result to keep. */
  isComplete: boolean;
  settings: Record<string, string>;
  json?: string;
  goals: boolean;
  record: boolean;
  cpuProf: string | null;
}

interface Given {
  quick?: boolean;
  long?: boolean;
  only?: readonly string[];
  backoff?: number;
  consents?: number;
  set: Record<string, string>;
  json?: string;
  goals: boolean;
  record: boolean;
  cpuProf?: string;
}

/** @throws CommanderError, with a message for people, which was printed */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('bench')
    .description('Everhook on full Temporal and PostgreSQL started for it, beside bare Temporal')
    .option('--quick', 'less of everything, in under 3 minutes; the result is not recorded')
    .option('--long', '100,000 deliveries in backoff and 100,000 consents, which all expire: hours')
    .option('--only <parts>', `some of ${partNames.join(', ')}; comma-separated`, parts)
    .option('--backoff <number>', 'deliveries in backoff', wholeNumber)
    .option('--consents <number>', 'consents open at once', wholeNumber)
    .option('--set <NAME=VALUE>', "a setting of Everhook's processes; may be given again", setting, {})
    .option('--json <file>', 'write the result there too, and its page beside it; `summary` has every figure by name')
    .option('--no-goals', 'exit with 0 also when a goal is missed')
    .option('--no-record', "don't write docs/benchmarks")
    .option('--cpu-prof <directory>', "keep CPU profiles of Everhook's processes there; they run slower then");
  const given = command.parse(argv, { from: 'user' }).opts<Given>();
  const base = given.quick ? quickPlan : given.long ? longPlan : fullPlan;
  const consents = given.consents ?? base.consents.consents;
  const only = given.only ?? partNames;
  return {
    plan: {
      ...base,
      backoff: { ...base.backoff, deliveries: given.backoff ?? base.backoff.deliveries },
      consents: { ...base.consents, consents, expiring: Math.min(consents, base.consents.expiring) },
    },
    only,
    isComplete: !given.quick && partNames.every((name) => only.includes(name)),
    settings: given.set,
    ...(given.json !== undefined && { json: given.json }),
    goals: given.goals,
    record: given.record,
    cpuProf: given.cpuProf ?? null,
  };
}

function parts(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !partNames.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${partNames.join(', ')}`);
  return names;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 999999');
  return Number(text);
}

function setting(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([A-Z][A-Z_0-9]*)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('NAME=VALUE');
  return { ...before, [name]: value };
}
