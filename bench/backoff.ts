import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Log } from '../scripts/local-stack/log';
import { now } from './clock';
import { deliveryId } from './contender';
import { startEverhook, type Installation } from './everhook';
import { residentMiB } from './process-usage';
import type { Receiver } from './receiver';

/** A worker that holds deliveries in backoff. Memory of the worker's process, resident, in MiB. */
export interface BackoffResult {
  deliveries: number;
  seconds: number;
  before: number;
  /** The most at any time, looked at every second. */
  peak: number;
  /** When all wait, and some seconds later. */
  waiting: number;
  rested: number;
  /** Of the API, when all wait. */
  apiWaiting: number;
}

const batchSize = 500;
/** Enough to keep the worker busy, few enough that the API starts them all itself. */
const maxUnderWay = 1_000;
const tickMs = 1_000;
const reportEveryMs = 15_000;
const restMs = 10_000;
const stalledMs = 60_000;

/**
 * Fills a fresh worker with deliveries whose first attempt was refused and whose next is an hour away, and watches its
 * memory.
 * @throws Error when deliveries get stuck, or the signal aborts
 */
export async function measureBackoff(options: {
  installation: Installation;
  receiver: Receiver;
  deliveries: number;
  log: Log;
  signal: AbortSignal;
}): Promise<BackoffResult> {
  const { installation, deliveries, log, signal } = options;
  const everhook = await startEverhook(installation, { settings: { RETRY_BASE: '1h' } });
  const database = new Client({ connectionString: installation.env.DATABASE_URL });
  // A connection cut off is an event as well as a failed query, and one is enough.
  database.on('error', () => {});
  const group = 'backoff';
  try {
    await database.connect();
    const webhookId = await everhook.register('/refuse');
    const workerMiB = () => residentMiB(everhook.worker.pid);
    const before = workerMiB();
    const startedAt = now();
    let published = 0;
    let peak = before;
    let waiting = 0;
    let [grewAt, reportedAt] = [startedAt, startedAt];
    for (; waiting < deliveries; await sleep(tickMs, undefined, { signal })) {
      while (published < deliveries && published - waiting < maxUnderWay) {
        const size = Math.min(batchSize, deliveries - published);
        await everhook.sendBatch(
          Array.from({ length: size }, (_, index) => deliveryId(group, published + index)),
          webhookId,
        );
        published += size;
      }
      const known = waiting;
      waiting = await countWaiting(database, webhookId);
      peak = Math.max(peak, workerMiB());
      if (waiting > known) grewAt = now();
      else if (now() - grewAt > stalledMs) throw new Error(`only ${waiting} of ${deliveries} got into backoff`);
      if (now() - reportedAt > reportEveryMs) {
        reportedAt = now();
        log(`  ${waiting} of ${deliveries} in backoff, worker ${Math.round(workerMiB())} MiB`);
      }
    }
    const seconds = (now() - startedAt) / 1000;
    const figures = { waiting: workerMiB(), apiWaiting: residentMiB(everhook.api.pid) };
    await sleep(restMs, undefined, { signal });
    return { deliveries, seconds, before, peak: Math.max(peak, workerMiB()), rested: workerMiB(), ...figures };
  } finally {
    await database.end();
    await everhook.stop();
  }
}

async function countWaiting(database: Client, webhookId: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM deliveries
     WHERE webhook_id = $1 AND status = 'pending' AND last_error_class IS NOT NULL`,
    [webhookId],
  );
  return rows[0]?.count ?? 0;
}
