import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../scripts/local-stack/log';
import type { SoakProcess } from './processes';
import type { Random } from './random';
import type { SoakServices } from './services';

export const victims = ['api', 'worker', 'postgres', 'temporal'] as const;
export type Victim = (typeof victims)[number];

/** How long a store is away, in milliseconds. */
const away = { least: 500, most: 4_000 };

/**
 * Kills one after the other at random until it is to end, each at least once, and starts it again; the last one is back when
 * this resolves. Tells how often each was killed.
 */
export async function killAtRandom(options: {
  processes: readonly SoakProcess[];
  services: Pick<SoakServices, 'postgres' | 'temporal'>;
  /** Between two kills, what it takes to start again not included; in milliseconds. */
  pauseMs: { least: number; most: number };
  untilMs: number;
  random: Random;
  signal: AbortSignal;
  log: Log;
}): Promise<Record<Victim, number>> {
  const { processes, services, pauseMs, untilMs, random, signal, log } = options;
  const killed: Record<Victim, number> = { api: 0, worker: 0, postgres: 0, temporal: 0 };
  const first = random.shuffled(victims);
  const endsAt = performance.now() + untilMs;

  async function kill(victim: Victim): Promise<void> {
    if (victim === 'api' || victim === 'worker') {
      await random.pick(processes.filter(({ role }) => role === victim)).killAndRestart();
      return;
    }
    await services[victim].crash();
    await sleep(random.between(away.least, away.most));
    await services[victim].restart();
  }

  while (performance.now() < endsAt || first.length > 0) {
    await sleep(random.between(pauseMs.least, pauseMs.most), undefined, { signal });
    const victim = first.pop() ?? random.pick(victims);
    const at = performance.now();
    await kill(victim);
    killed[victim] += 1;
    log(`killed ${victim}, back after ${((performance.now() - at) / 1000).toFixed(1)} s`);
  }
  return killed;
}
