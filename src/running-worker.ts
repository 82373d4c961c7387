import type { Worker } from '@temporalio/worker';
import { createActivities, createAwsActivities } from './activities';
import type { Aws } from './platform/aws/client';
import { retentionPeriods, workerVersion, type Config } from './platform/config';
import type { DeliveryStarter } from './platform/delivery-starter';
import { createEgress } from './platform/egress/egress';
import type { Logger } from './platform/logging';
import type { createEngineMetrics } from './platform/metrics';
import type { createTemporalLink } from './platform/temporal-link';
import type { Tracing } from './platform/tracing';
import type { Stores } from './runtime';
import { createDatabase } from './store/database';
import { createRetentionStore } from './store/retention';
import { createAwsWorker, createWorker } from './worker';

/** How long attempts in flight may take to end. An attempt of most contracts is over within 3 s. */
const shutdownGraceMs = 10_000;
const patientStatementMs = 30 * 60_000;

/** Both workers of a process, as soon as there is a Temporal to poll; `stop` finishes what is in flight, within bounds. */
export function startWorker(options: {
  config: Config;
  stores: Stores;
  link: ReturnType<typeof createTemporalLink>;
  starter: DeliveryStarter;
  metrics: ReturnType<typeof createEngineMetrics>;
  tracing: Tracing;
  aws: Aws;
  log: Logger;
  onPolling(now: boolean): void;
  onDeath(error: unknown): void;
}): { stop(): Promise<void> } {
  const { config, stores, link, starter, metrics, tracing, log } = options;
  const watching = { metrics, tracing, log };
  const shutdown = new AbortController();
  const stopped = new AbortController();
  const background = new Set<Promise<void>>();
  // A statement of retention may take minutes, and must not take a connection from deliveries.
  const patient = createDatabase(config.DATABASE_URL, { max: 2, statementTimeoutMs: patientStatementMs });
  const egress = createEgress({ allowedOrigins: config.EGRESS_ALLOW, dnsServers: config.EGRESS_DNS_SERVERS });
  let stopping = false;

  let workers: Worker[] = [];
  async function runWorkers(): Promise<void> {
    const { connection, dataConverter } = await link.connected;
    if (stopping) return;
    const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = config;
    const version = workerVersion(config);
    const at = { connection, namespace, taskQueue, dataConverter, version, tracing, shutdownGraceMs };
    const { runs, bursts, consentRuns, credentialRuns } = link;
    workers = await Promise.all([
      createWorker({
        ...at,
        activities: createActivities({
          ...stores,
          retention: createRetentionStore(patient),
          periods: retentionPeriods(config),
          runs,
          bursts,
          burstsOn: config.BURSTS === 'on',
          consentRuns,
          credentialRuns,
          egress,
          starter,
          ...watching,
          disableFailingAfterMs: config.DISABLE_FAILING_AFTER,
          maxPerWebhook: config.WORKER_MAX_PER_WEBHOOK ?? Math.ceil(config.WORKER_MAX_DELIVERIES / 2),
          shutdown: shutdown.signal,
          stopping: stopped.signal,
          background,
        }),
        maxDeliveries: config.WORKER_MAX_DELIVERIES,
      }),
      createAwsWorker({
        ...at,
        activities: createAwsActivities({ ...stores, credentialRuns, aws: options.aws, log }),
        rate: config.RATE_LIMIT_AWS,
      }),
    ]);
    const running = workers.map((worker) => worker.run());
    if (stopping) end(workers);
    options.onPolling(true);
    try {
      await Promise.all(running);
    } finally {
      // One that died alone takes the other along; the process is restarted as a whole.
      end(workers);
      await Promise.allSettled(running);
    }
  }
  const ran = runWorkers()
    .catch((error: unknown) => {
      if (!stopping) options.onDeath(error);
    })
    .finally(() => options.onPolling(false));

  return {
    async stop() {
      stopping = true;
      stopped.abort();
      const grace = setTimeout(() => shutdown.abort(new Error('the worker is shutting down')), shutdownGraceMs);
      end(workers);
      if (workers.length > 0) await ran;
      await Promise.allSettled(background);
      clearTimeout(grace);
      await egress.close();
      await patient.destroy();
    },
  };
}

function end(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}
