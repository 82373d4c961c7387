import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Chart } from './charts';
import { now } from './clock';
import { startEverhook, type Everhook } from './everhook';
import type { Installation } from './installation';
import type { Bench, PartResult } from './part';
import { residentMiB } from './process-usage';
import { rounded } from './statistics';

const type = 'bench.backoff';
const batchSize = 500;
/** Enough to keep the worker busy, few enough that the API starts them all itself. */
const maxUnderWay = 1_000;
const tickMs = 1_000;
const reportEveryMs = 15_000;
const stalledMs = 60_000;
const longestBaseMs = 3_600_000;

/**
 * Fills a worker with deliveries whose first attempt was refused, watches its memory, and then has all of them wait for
 * the worker, with their second attempt due and the receiver well again: that is the most that an outage leaves behind.
 */
export async function measureBackoff(bench: Bench): Promise<PartResult> {
  const { receiver, signal, log } = bench;
  const { deliveries, probe, marginMs, restMs } = bench.plan.backoff;
  const installation = await bench.install('backoff');
  const database = new Client({ connectionString: installation.databaseUrl });
  // A connection cut off is an event as well as a failed query, and one is enough.
  database.on('error', () => {});
  await database.connect();
  try {
    await receiver.open(false);
    // How fast they get there says how long the first wait must be for all to wait at once.
    const probed = await startEverhook(installation, { settings: { RETRY_BASE: '1h' } });
    let perSecond: number;
    try {
      await probed.tenant(0).subscribe(type, [`${receiver.origin}/switch`]);
      perSecond = (await fill(bench, probed, database, { group: 'backoffprobe', count: probe, known: 0 })).perSecond;
    } finally {
      await probed.stop();
    }
    const baseMs = Math.min(longestBaseMs, Math.ceil(marginMs + (1_500 * deliveries) / perSecond));
    log(`  retries wait for ${Math.round(baseMs / 1000)} s`);

    const everhook = await startEverhook(installation, { settings: { RETRY_BASE: `${baseMs}ms` } });
    let filled;
    let rested: number;
    let apiWaiting: number;
    try {
      filled = await fill(bench, everhook, database, { group: 'backoff', count: deliveries, known: probe });
      apiWaiting = residentMiB(everhook.api.pid);
      await sleep(restMs, undefined, { signal });
      rested = workerMiB(everhook);
    } finally {
      await everhook.stop();
    }
    const drain = await drainAll(bench, installation, database, deliveries);
    return {
      summary: {
        backoffDeliveries: deliveries,
        backoffSeconds: rounded(filled.seconds, 1),
        backoffWorkerMiBBefore: rounded(filled.before, 1),
        backoffWorkerMiBPeak: rounded(Math.max(filled.peak, rested), 1),
        backoffWorkerMiBWaiting: rounded(filled.waiting, 1),
        backoffWorkerMiBRested: rounded(rested, 1),
        backoffApiMiBWaiting: rounded(apiWaiting, 1),
        backoffDrainSeconds: rounded(drain.seconds, 1),
        backoffDrainPerSecond: rounded(deliveries / drain.seconds, 1),
        backoffDrainWorkerMiBPeak: rounded(drain.peak, 1),
      },
      charts: [filled.chart],
    };
  } finally {
    await database.end();
  }
}

/** Resolves once all wait for their second attempt. */
async function fill(
  { signal, log }: Pick<Bench, 'signal' | 'log'>,
  everhook: Everhook,
  database: Client,
  { group, count, known }: { group: string; count: number; known: number },
) {
  const startedAt = now();
  const before = workerMiB(everhook);
  const points: [number, number][] = [[0, before]];
  let [published, peak, waiting] = [0, before, 0];
  let [grewAt, reportedAt] = [startedAt, startedAt];
  for (; waiting < count; await sleep(tickMs, undefined, { signal })) {
    while (published < count && published - waiting < maxUnderWay) {
      const end = Math.min(count, published + batchSize);
      await everhook.tenant(0).publishBatch(type, group, published, end);
      published = end;
    }
    const last = waiting;
    waiting = (await countPending(database, true)) - known;
    const mib = workerMiB(everhook);
    points.push([waiting, rounded(mib, 1)]);
    peak = Math.max(peak, mib);
    if (waiting > last) grewAt = now();
    else if (now() - grewAt > stalledMs) throw new Error(`only ${waiting} of ${count} got into backoff`);
    if (now() - reportedAt > reportEveryMs) {
      reportedAt = now();
      log(`  ${waiting} of ${count} in backoff, worker ${Math.round(mib)} MiB`);
    }
  }
  const seconds = (now() - startedAt) / 1000;
  const chart: Chart = {
    kind: 'lines',
    title: 'Memory of a worker that fills with deliveries in backoff',
    x: 'deliveries in backoff',
    y: 'MiB',
    series: [{ label: 'worker, resident', points: thinned(points) }],
  };
  return { seconds, perSecond: count / seconds, before, peak, waiting: workerMiB(everhook), chart };
}

/** Without a worker until the last retry is due, then with one: from its start until all were received. */
async function drainAll(bench: Bench, installation: Installation, database: Client, deliveries: number) {
  const { receiver, signal, log } = bench;
  const { rows } = await database.query<{ ms: number | null }>(
    // Those of the probe wait for an hour.
    `SELECT extract(epoch FROM max(due_at) - clock_timestamp())::float8 * 1000 AS ms FROM deliveries
     WHERE event_type = $1 AND status = 'pending' AND event_id LIKE 'backoff-%'`,
    [type],
  );
  await sleep(Math.max(0, rows[0]?.ms ?? 0), undefined, { signal });
  await receiver.open(true);
  const startedAt = now();
  const waiting = await countPending(database, false);
  const everhook = await startEverhook(installation);
  let peak = 0;
  const looking = setInterval(() => (peak = Math.max(peak, workerMiB(everhook))), tickMs);
  try {
    for (
      let [left, shrankAt] = [waiting, now()];
      left > waiting - deliveries;
      await sleep(200, undefined, { signal })
    ) {
      const last = left;
      left = await countPending(database, false);
      if (left < last) shrankAt = now();
      else if (now() - shrankAt > stalledMs) throw new Error(`${left} deliveries are still in backoff`);
    }
    const seconds = (now() - startedAt) / 1000;
    log(`  ${deliveries} drained in ${seconds.toFixed(0)} s`);
    return { seconds, peak };
  } finally {
    clearInterval(looking);
    await everhook.stop();
  }
}

const workerMiB = ({ workers }: Everhook) => residentMiB(workers[0]?.pid ?? -1);

async function countPending(database: Client, tried: boolean): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM deliveries
     WHERE event_type = $1 AND status = 'pending' AND (NOT $2 OR last_error_class IS NOT NULL)`,
    [type, tried],
  );
  return rows[0]?.count ?? 0;
}

/** At most some 200 points of them. */
function thinned(points: [number, number][]): [number, number][] {
  const step = Math.ceil(points.length / 200);
  return points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
