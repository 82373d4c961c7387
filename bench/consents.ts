import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Log } from '../scripts/local-stack/log';
import { now } from './clock';
import { cpuUse, readMeters, type CpuMeters, type CpuUse } from './cpu-meters';
import { startEverhook, type Everhook, type Installation } from './everhook';
import type { Plan } from './plan';
import { residentMiB } from './process-usage';

/** Consents that are all open at once, and then all expire. Memory of the worker's process, resident, in MiB. */
export interface ConsentsResult {
  consents: number;
  /** From the first request until the last consent's run waits for its deadline. */
  startsPerSecond: number;
  /** From the first deadline until the last consent is stored as expired. */
  expiriesPerSecond: number;
  /** From each deadline until the consent's expiry was being stored with its event. */
  lagMs: number[];
  before: number;
  /** When all are open. */
  open: number;
  /** The most at any time, looked at every second. */
  peak: number;
  startCpu: CpuUse;
  expiryCpu: CpuUse;
}

const connections = 32;
/** From the last creation to the first deadline: runs that are late get to their timers, memory shows what stays. */
const restSeconds = 20;
const tickMs = 1_000;
const reportEveryMs = 15_000;
const stalledMs = 60_000;

/**
 * Creates consents at a steady rate, with a time for their decision that lasts until all are open; then their deadlines
 * pass at the rate of their creation.
 * @throws Error when consents get stuck, or the signal aborts
 */
export async function measureConsents(options: {
  installation: Installation;
  plan: Plan['consents'];
  metersOf: (everhook: Everhook) => CpuMeters;
  cores: number;
  log: Log;
  signal: AbortSignal;
}): Promise<ConsentsResult> {
  const { installation, plan, metersOf, cores, log, signal } = options;
  const decisionSeconds = Math.ceil(plan.consents / plan.perSecond) + restSeconds;
  const everhook = await startEverhook(installation, {
    settings: {
      CONSENT_DECISION_TIMEOUT: `${decisionSeconds}s`,
      // After a pause, creation catches up with its rate.
      RATE_LIMIT_WRITES: '1000/s',
    },
  });
  const database = new Client({ connectionString: installation.env.DATABASE_URL });
  // A connection cut off is an event as well as a failed query, and one is enough.
  database.on('error', () => {});
  try {
    await database.connect();
    const meters = metersOf(everhook);
    const workerMiB = () => residentMiB(everhook.worker.pid);
    const before = workerMiB();
    let peak = before;

    /** Resolves with the seconds it took until all consents are so. */
    async function allAre(word: string, condition: string, startedAt: number): Promise<number> {
      let [count, grewAt, reportedAt] = [0, now(), now()];
      for (;;) {
        const { rows } = await database.query<{ count: number }>(
          `SELECT count(*)::integer AS count FROM consents WHERE ${condition}`,
        );
        const known = count;
        count = rows[0]?.count ?? 0;
        peak = Math.max(peak, workerMiB());
        if (count >= plan.consents) return (now() - startedAt) / 1000;
        if (count > known) grewAt = now();
        else if (now() - grewAt > stalledMs) throw new Error(`only ${count} of ${plan.consents} consents are ${word}`);
        if (now() - reportedAt > reportEveryMs) {
          reportedAt = now();
          log(`  ${count} of ${plan.consents} consents ${word}, worker ${Math.round(workerMiB())} MiB`);
        }
        await sleep(tickMs, undefined, { signal });
      }
    }

    const atFirst = readMeters(meters);
    const creating = createAll(everhook, plan, signal);
    // Settled once by its run, a consent is looked after again after its deadline only.
    const open = allAre('open', 'look_at > expires_at', atFirst.at);
    const [startSeconds] = await Promise.all([open, creating]);
    const whenOpen = readMeters(meters);
    const figures = { open: workerMiB() };
    const { rows } = await database.query<{ ms: number }>(
      `SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float8 * 1000 AS ms FROM consents`,
    );
    await sleep(Math.max(0, rows[0]?.ms ?? 0), undefined, { signal });
    const atDeadlines = readMeters(meters);
    const expirySeconds = await allAre('expired', `status = 'EXPIRED'`, atDeadlines.at);
    const atLast = readMeters(meters);

    const { rows: lags } = await database.query<{ ms: number }>(
      `SELECT extract(epoch FROM created_at - occurred_at)::float8 * 1000 AS ms FROM events WHERE type = 'consent:expired'`,
    );
    const per = { count: plan.consents, cores };
    return {
      consents: plan.consents,
      startsPerSecond: plan.consents / startSeconds,
      expiriesPerSecond: plan.consents / expirySeconds,
      lagMs: lags.map(({ ms }) => Math.round(ms)),
      before,
      ...figures,
      peak,
      startCpu: cpuUse(atFirst, whenOpen, per),
      expiryCpu: cpuUse(atDeadlines, atLast, per),
    };
  } finally {
    await database.end();
    await everhook.stop();
  }
}

/** At the plan's rate, or as fast as so many connections can. */
async function createAll(everhook: Everhook, plan: Plan['consents'], signal: AbortSignal): Promise<void> {
  const startedAt = now();
  let next = 0;
  const creator = async () => {
    while (next < plan.consents) {
      const dueAt = startedAt + (next * 1000) / plan.perSecond;
      next += 1;
      await sleep(Math.max(0, dueAt - now()));
      signal.throwIfAborted();
      await everhook.createConsent();
    }
  };
  await Promise.all(Array.from({ length: Math.min(connections, plan.consents) }, creator));
}
