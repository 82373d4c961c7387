import { Client } from 'pg';
import { arrivalRate } from './charts';
import { now } from './clock';
import { startEverhook } from './everhook';
import type { Installation } from './installation';
import { fateOf, flowsAgainAfter } from './kill-analysis';
import type { Bench, PartResult, Summary } from './part';
import { Stalled } from './receiver';
import { eventsFor, warmUp } from './saturation';
import { rounded } from './statistics';

const batchSize = 100;
const lanes = 8;
/** Of all deliveries, when the worker is killed. */
const killedWhen = 0.3;
/** A request that the kernel had taken over reaches the receiver a moment after its sender's death. */
const onTheWayMs = 20;
/** Longer than Temporal takes to notice that a worker is gone, several times over. */
const lostAfterMs = 90_000;
const stretchMs = 250;
const rateOverMs = 2_000;

const variants = [
  { name: 'killRestart', workers: 1, title: 'kill -9 of the only worker, which is started again at once' },
  { name: 'killSecond', workers: 2, title: 'kill -9 of one of two workers' },
] as const;

/** `kill -9` of a worker at full load: what is lost, what comes twice, and when the backlog flows again. */
export async function measureKill(bench: Bench): Promise<PartResult> {
  const installation = await bench.install('kill');
  const parts: PartResult[] = [];
  for (const variant of variants) parts.push(await measureVariant(bench, installation, variant));
  return {
    summary: Object.assign({}, ...parts.map(({ summary }) => summary)),
    charts: parts.flatMap(({ charts }) => charts),
  };
}

async function measureVariant(
  bench: Bench,
  installation: Installation,
  { name, workers, title }: (typeof variants)[number],
): Promise<PartResult> {
  const { receiver, generator, signal, log } = bench;
  const everhook = await startEverhook(installation, { workers });
  try {
    const type = `bench.${name}`;
    const targetOf = await everhook.tenant(0).subscribe(type, [`${receiver.origin}/accept`]);
    const apply = generator.towards(targetOf(batchSize));
    const load = { apply, lanes, copies: 1 };
    const rate = await warmUp(bench, load, { group: name, firstEvents: 300, seconds: bench.plan.kill.seconds / 3 });
    const expected = eventsFor(rate, 1, bench.plan.kill.seconds);

    const applied = apply({ kind: 'saturate', group: name, count: expected, lanes });
    applied.catch(() => {});
    await receiver.reach(name, Math.floor(expected * killedWhen), signal);
    const victim = everhook.workers[0]?.pid ?? -1;
    process.kill(victim, 'SIGKILL');
    const [killedAt, killedOn] = [now(), new Date()];
    if (workers === 1) await everhook.addWorker();
    const { startedAt, sentAt } = await applied;
    await receiver.reach(name, expected, signal, lostAfterMs).catch((error: unknown) => {
      if (!(error instanceof Stalled)) throw error;
      log(`  ${error.message}`);
    });

    const arrivals = await receiver.arrivals(name);
    const { times } = arrivals;
    const recorded = await recordedBefore(installation, type, killedOn);
    const fate = fateOf(arrivals, {
      expected,
      killedAt: killedAt + onTheWayMs,
      recorded: (index) => recorded.has(`${name}-${index}`),
    });
    const before = times.reduce((count, at) => (at > killedAt - rateOverMs && at <= killedAt ? count + 1 : count), 0);
    const perSecond = (before * 1000) / Math.min(rateOverMs, killedAt - startedAt);
    const flows = flowsAgainAfter(times, killedAt, perSecond);
    const accepted = times.filter((_, index) => (sentAt[index] ?? Infinity) < killedAt);
    const inSeconds = (ms: number | null) => (ms === null ? null : rounded(ms / 1000, 2));
    const figures: Summary = {
      [`${name}Deliveries`]: expected,
      [`${name}Lost`]: fate.lost,
      [`${name}Duplicates`]: fate.duplicates,
      [`${name}InFlight`]: fate.inFlight,
      [`${name}DuplicatesBeyondInFlight`]: fate.duplicatesBeyond,
      [`${name}PerSecondBefore`]: rounded(perSecond, 1),
      [`${name}FlowsAgainSeconds`]: inSeconds(flows),
      [`${name}SentBeforeSeconds`]: inSeconds(accepted.reduce((latest, at) => Math.max(latest, at), 0) - killedAt),
    };
    log(`  ${title}: ${fate.lost} lost, ${fate.duplicates} twice, flowing after ${inSeconds(flows)} s`);
    return {
      summary: figures,
      charts: [
        {
          kind: 'lines',
          title,
          x: 'seconds',
          y: 'deliveries/s',
          series: [{ label: 'received', points: arrivalRate(times, startedAt, stretchMs) }],
          marks: [{ x: rounded((killedAt - startedAt) / 1000, 2), label: 'kill -9' }],
        },
      ],
    };
  } finally {
    await everhook.stop();
  }
}

/** Events whose attempt was begun before then, and recorded. */
async function recordedBefore(installation: Installation, type: string, before: Date): Promise<Set<string>> {
  const database = new Client({ connectionString: installation.databaseUrl });
  try {
    await database.connect();
    const { rows } = await database.query<{ event_id: string }>(
      `SELECT d.event_id FROM attempts a JOIN deliveries d ON d.tenant_id = a.tenant_id AND d.id = a.delivery_id
       WHERE d.event_type = $1 AND a.started_at <= $2`,
      [type, before],
    );
    return new Set(rows.map((row) => row.event_id));
  } finally {
    await database.end();
  }
}
