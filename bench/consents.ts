import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { now } from './clock';
import { cpuUse, readMeters, type CpuUse } from './cpu-meters';
import { startEverhook, type Everhook } from './everhook';
import type { Bench, PartResult, Summary } from './part';
import { percentileChart, percentileFigures } from './percentile-figures';
import { residentMiB } from './process-usage';
import { percentile, rounded } from './statistics';

const connections = 32;
const tickMs = 1_000;
const reportEveryMs = 15_000;
const stalledMs = 60_000;
/** How late an expiry may be. */
const lagGoalMs = 5_000;
/** The longest time for a decision there is: these outlive the benchmark. */
const lasting = '576h';

/**
 * Opens consents, most of which stay open; the last of them get as long for their decision as it takes until all are
 * open, and expire at the rate of their creation. Memory of the worker's process is resident, in MiB.
 * @throws Error when consents get stuck, or the signal aborts
 */
export async function measureConsents(bench: Bench): Promise<PartResult> {
  const { plan, log, signal, cores } = bench;
  const { consents, perSecond, expiring, expiringPerSecond, restSeconds } = plan.consents;
  const installation = await bench.install('consents');
  const database = new Client({ connectionString: installation.databaseUrl });
  // A connection cut off is an event as well as a failed query, and one is enough.
  database.on('error', () => {});
  await database.connect();
  const counted = async (condition: string) => {
    const { rows } = await database.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM consents WHERE ${condition}`,
    );
    return rows[0]?.count ?? 0;
  };

  /** Resolves with the seconds it took until so many consents are so. */
  async function allAre(word: string, condition: string, wanted: number, look: () => void): Promise<number> {
    const startedAt = now();
    let [count, grewAt, reportedAt] = [0, now(), now()];
    for (;;) {
      const known = count;
      count = await counted(condition);
      look();
      if (count >= wanted) return (now() - startedAt) / 1000;
      if (count > known) grewAt = now();
      else if (now() - grewAt > stalledMs) throw new Error(`only ${count} of ${wanted} consents are ${word}`);
      if (now() - reportedAt > reportEveryMs) {
        reportedAt = now();
        log(`  ${count} of ${wanted} consents ${word}`);
      }
      await sleep(tickMs, undefined, { signal });
    }
  }
  // Settled once by its run, a consent is looked after again after its deadline only.
  const open = 'look_at > expires_at';

  const decisionSeconds = Math.ceil((expiring * 1.2) / expiringPerSecond) + restSeconds;
  const first = await startEverhook(installation, { settings: { CONSENT_DECISION_TIMEOUT: lasting } });
  // How long a decision may take is fixed by the API that creates the consent: a second one, of the same worker.
  const second: Everhook[] = [];
  try {
    const meters = bench.metersOf(first);
    const workerMiB = () => residentMiB(first.workers[0]?.pid ?? -1);
    const before = workerMiB();
    let peak = before;
    const look = () => (peak = Math.max(peak, workerMiB()));
    const staying = consents - expiring;

    const atFirst = readMeters(meters);
    const startSeconds =
      staying === 0
        ? 0
        : (
            await Promise.all([
              allAre('open', open, staying, look),
              createAll(first, { count: staying, perSecond }, signal),
            ])
          )[0];
    const whenOpen = readMeters(meters);

    const api = await startEverhook(installation, {
      settings: { CONSENT_DECISION_TIMEOUT: `${decisionSeconds}s` },
      workers: 0,
    });
    second.push(api);
    await Promise.all([
      allAre('open', open, consents, look),
      createAll(api, { count: expiring, perSecond: expiringPerSecond }, signal),
    ]);
    const figures = { open: workerMiB() };
    const { rows } = await database.query<{ ms: number }>(
      `SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float8 * 1000 AS ms FROM consents`,
    );
    await sleep(Math.max(0, rows[0]?.ms ?? 0), undefined, { signal });
    const atDeadlines = readMeters(meters);
    const expirySeconds = await allAre('expired', `status = 'EXPIRED'`, expiring, look);
    const atLast = readMeters(meters);

    const { rows: lags } = await database.query<{ ms: number }>(
      `SELECT extract(epoch FROM created_at - occurred_at)::float8 * 1000 AS ms FROM events WHERE type = 'consent:expired'`,
    );
    const lagMs = lags.map(({ ms }) => Math.round(ms));
    const startCpu = cpuUse(atFirst, whenOpen, { count: Math.max(1, staying), cores });
    const expiryCpu = cpuUse(atDeadlines, atLast, { count: expiring, cores });
    return {
      summary: {
        consents,
        consentsExpiring: expiring,
        consentStartsPerSecond: staying === 0 ? null : rounded(staying / startSeconds, 1),
        consentExpiriesPerSecond: rounded(expiring / expirySeconds, 1),
        consentDrainSeconds: rounded(expirySeconds, 1),
        ...percentileFigures('consentLag', lagMs),
        consentLagMaxMs: rounded(percentile(lagMs, 1), 0),
        consentShareInTime: shareInTime(lagMs, expiring),
        consentWorkerMiBBefore: rounded(before, 1),
        consentWorkerMiBOpen: rounded(figures.open, 1),
        consentWorkerMiBPeak: rounded(peak, 1),
        ...(staying > 0 && cpuFigures('consentStart', startCpu)),
        ...cpuFigures('consentExpiry', expiryCpu),
        consentOthersShareOfMachine: expiryCpu.othersShare === null ? null : rounded(expiryCpu.othersShare, 2),
      },
      charts: [percentileChart('From the deadline of a consent until its expiry is stored', { expiries: lagMs })],
    };
  } finally {
    await database.end();
    for (const one of second) await one.stop();
    await first.stop();
  }
}

/** Of all that were to expire: one that has not expired is not in time either, and one of very many is not rounded away. */
export function shareInTime(lagMs: readonly number[], expiring: number): number {
  return Math.floor((1e4 * lagMs.filter((ms) => ms <= lagGoalMs).length) / expiring) / 1e4;
}

function cpuFigures(name: string, { msEach }: CpuUse): Summary {
  return Object.fromEntries(Object.entries(msEach).map(([part, ms]) => [`${name}CpuMs${part}`, rounded(ms, 2)]));
}

/** At a rate, or as fast as so many connections can. */
async function createAll(
  everhook: Everhook,
  { count, perSecond }: { count: number; perSecond: number },
  signal: AbortSignal,
): Promise<void> {
  const tenant = everhook.tenant(0);
  const startedAt = now();
  let next = 0;
  const creator = async () => {
    while (next < count) {
      const dueAt = startedAt + (next * 1000) / perSecond;
      next += 1;
      await sleep(Math.max(0, dueAt - now()));
      signal.throwIfAborted();
      await tenant.createConsent();
    }
  };
  await Promise.all(Array.from({ length: Math.min(connections, count) }, creator));
}
