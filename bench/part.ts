import type { Log } from '../scripts/local-stack/log';
import type { Chart } from './charts';
import type { CpuMeters } from './cpu-meters';
import type { Everhook } from './everhook';
import type { Generator } from './generator';
import type { Installation } from './installation';
import type { Plan } from './plan';
import type { Receiver } from './receiver';
import type { BenchStack } from './stack';

/** Figures by name, without any nesting: what two runs are compared by. */
export type Summary = Record<string, number | string | null>;

/** What a part of the benchmark found out. */
export interface PartResult {
  summary: Summary;
  charts: Chart[];
}

/** What every part has. */
export interface Bench {
  stack: BenchStack;
  receiver: Receiver;
  generator: Generator;
  plan: Plan;
  cores: number;
  log: Log;
  signal: AbortSignal;
  /** A migrated database of its own with two tenants, for Everhook with the settings that this run was given. */
  install(name: string, receivers?: string[]): Promise<Installation>;
  /** Of Everhook's processes, the generator and all that serve them. */
  metersOf(everhook: Pick<Everhook, 'api' | 'workers'>): CpuMeters;
  /** What serves every contender. */
  meters: CpuMeters;
  /** Deliveries a second at saturation, by shape, as far as a part of this run has measured it already. */
  saturation: Map<string, number>;
}

export type Part = (bench: Bench) => Promise<PartResult>;
