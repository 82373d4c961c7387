import type { Worker } from '@temporalio/worker';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createActivities } from './activities';
import { createApi } from './api/app';
import { listen } from './api/server';
import { ConfigurationError, type Config } from './platform/config';
import { createConsentStarter } from './platform/consent-starter';
import { installCoreRuntime } from './platform/core-runtime';
import { createDeliveryStarter, type DeliveryStarter } from './platform/delivery-starter';
import { createEgress } from './platform/egress/egress';
import { createKeyring } from './platform/keyring';
import type { Logger } from './platform/logging';
import { createEngineMetrics, serveOperations } from './platform/metrics';
import { createTemporalLink } from './platform/temporal-link';
import { createTokens } from './platform/tokens';
import { createAuditStore, type AuditStore } from './store/audit';
import { createConsentStore, type ConsentStore } from './store/consents';
import { createDatabase, pendingMigrations, type Database } from './store/database';
import { createDeliveryStore, type DeliveryStore } from './store/deliveries';
import { createDeliveryStatsStore, type DeliveryStatsStore } from './store/delivery-stats';
import { createEventTypeStore, type EventTypeStore } from './store/event-types';
import { createEventStore, type EventStore } from './store/events';
import { createMessageSigningKeyStore, type MessageSigningKeyStore } from './store/message-signing-keys';
import { createTenantStore, type TenantStore } from './store/tenants';
import { createWebhookStore, type WebhookStore } from './store/webhooks';
import { createWorker } from './worker';

/** One pool and every repository on it. */
export interface Stores {
  database: Database;
  tenants: TenantStore;
  webhooks: WebhookStore;
  events: EventStore;
  eventTypes: EventTypeStore;
  consents: ConsentStore;
  deliveries: DeliveryStore;
  deliveryStats: DeliveryStatsStore;
  audit: AuditStore;
  messageSigningKeys: MessageSigningKeyStore;
  close(): Promise<void>;
}

export function openStores(
  config: Pick<
    Config,
    | 'DATABASE_URL'
    | 'DATABASE_POOL_SIZE'
    | 'ENCRYPTION_KEYS'
    | 'RETRY_BASE'
    | 'CONSENT_DECISION_TIMEOUT'
    | 'CONSENT_CONSUMPTION_TIMEOUT'
  >,
): Stores {
  const database = createDatabase(config.DATABASE_URL, { max: config.DATABASE_POOL_SIZE });
  const keyring = createKeyring(config.ENCRYPTION_KEYS);
  const audit = createAuditStore(database);
  const events = createEventStore(database, { retryBaseMs: config.RETRY_BASE });
  const durations = {
    decisionMs: config.CONSENT_DECISION_TIMEOUT,
    consumptionMs: config.CONSENT_CONSUMPTION_TIMEOUT,
  };
  return {
    database,
    audit,
    tenants: createTenantStore(database),
    webhooks: createWebhookStore(database, keyring, audit),
    events,
    eventTypes: createEventTypeStore(database, audit),
    consents: createConsentStore({ database, keyring, events, audit, durations }),
    deliveries: createDeliveryStore(database),
    deliveryStats: createDeliveryStatsStore(database),
    messageSigningKeys: createMessageSigningKeyStore(database, keyring),
    close: () => database.destroy(),
  };
}

/** A running API, worker, or both in one process. */
export interface Service {
  /** Null without an API. */
  apiPort: number | null;
  metricsPort: number;
  /** Rejects when a part dies by itself. */
  failed: Promise<never>;
  /** Finishes what is in flight, within bounds; safe to call twice. */
  stop(): Promise<void>;
}

/** How long attempts in flight may take to end. An attempt of most contracts is over within 3 s. */
const shutdownGraceMs = 10_000;
const databaseProbeMs = 1_500;

/**
 * Starts the parts asked for. Temporal may come later; PostgreSQL must be there.
 * @throws ConfigurationError when the database has pending migrations
 */
export async function startService(
  config: Config,
  parts: { api: boolean; worker: boolean; log: Logger },
): Promise<Service> {
  const { log } = parts;
  // In reverse order of opening: what accepts work stops before what does it.
  const closers: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= (async () => {
      for (const close of closers.splice(0).reverse()) {
        await close().catch((error: unknown) => log.error({ err: error }, 'a part did not stop cleanly'));
      }
    })());

  try {
    const coreMetricsUrl = await installCoreRuntime(log);
    const stores = openStores(config);
    closers.push(() => stores.close());
    const pending = await pendingMigrations(stores.database);
    if (pending.length > 0) {
      throw new ConfigurationError(`the database has pending migrations (${pending.length}); run: everhook migrate`);
    }

    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const metrics = createEngineMetrics(registry);
    const link = createTemporalLink({
      address: config.TEMPORAL_ADDRESS,
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      sweepIntervalMs: config.SWEEP_INTERVAL,
      eagerStart: parts.api && parts.worker,
      log,
    });
    closers.push(() => link.close());

    let polling = !parts.worker;
    const readiness = async () => {
      const [postgresql, temporal] = await Promise.all([answers(stores.database), link.answers()]);
      return { postgresql, temporal };
    };
    const operations = await serveOperations({
      host: config.HOST,
      port: config.METRICS_PORT,
      registry,
      coreMetricsUrl,
      ready: async () => ({ ...(await readiness()), ...(parts.worker && { polling }) }),
    });
    closers.push(() => operations.close());

    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => (fail = reject));
    failed.catch(() => {});

    const starter = createDeliveryStarter({
      runs: link.runs,
      markStarted: (some) => stores.deliveries.markStarted(some),
      log,
    });
    closers.push(() => starter.close());

    if (parts.worker) {
      const worker = startWorker({
        config,
        stores,
        link,
        starter,
        metrics,
        log,
        onPolling: (now) => (polling = now),
        onDeath: fail,
      });
      closers.push(worker.stop);
    }

    let apiPort: number | null = null;
    if (parts.api) {
      const tokens = createTokens({ signingKeys: config.TOKEN_SIGNING_KEY, issuer: 'everhook' });
      await stores.messageSigningKeys.ensureOne();
      const { runs, consentRuns, connectionTests } = link;
      const consentStarter = createConsentStarter({ runs: consentRuns, log });
      closers.push(() => consentStarter.close());
      const starting = { runs, consentRuns, connectionTests, starter, consentStarter };
      const app = createApi({ config, log, tokens, ...stores, ...starting, readiness, registry });
      const server = await listen(app, { host: config.HOST, port: config.PORT, log });
      closers.push(() => server.close());
      apiPort = server.port;
    }
    return { apiPort, metricsPort: operations.port, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startWorker(options: {
  config: Config;
  stores: Stores;
  link: ReturnType<typeof createTemporalLink>;
  starter: DeliveryStarter;
  metrics: ReturnType<typeof createEngineMetrics>;
  log: Logger;
  onPolling(now: boolean): void;
  onDeath(error: unknown): void;
}): { stop(): Promise<void> } {
  const { config, stores, link, starter, metrics, log } = options;
  const shutdown = new AbortController();
  const egress = createEgress({ allowedOrigins: config.EGRESS_ALLOW, dnsServers: config.EGRESS_DNS_SERVERS });
  let stopping = false;

  let worker: Worker | undefined;
  async function runWorker(): Promise<void> {
    const { connection } = await link.connected;
    if (stopping) return;
    worker = await createWorker({
      connection,
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      activities: createActivities({
        ...stores,
        egress,
        runs: link.runs,
        consentRuns: link.consentRuns,
        starter,
        metrics,
        log,
        shutdown: shutdown.signal,
      }),
      maxDeliveries: config.WORKER_MAX_DELIVERIES,
      shutdownGraceMs,
    });
    const run = worker.run();
    if (stopping) worker.shutdown();
    options.onPolling(true);
    await run;
  }
  const ran = runWorker()
    .catch((error: unknown) => {
      if (!stopping) options.onDeath(error);
    })
    .finally(() => options.onPolling(false));

  return {
    async stop() {
      stopping = true;
      const grace = setTimeout(() => shutdown.abort(new Error('the worker is shutting down')), shutdownGraceMs);
      if (worker?.getState() === 'RUNNING') worker.shutdown();
      if (worker) await ran;
      clearTimeout(grace);
      await egress.close();
    },
  };
}

async function answers(database: Database): Promise<boolean> {
  const probe = database.raw('SELECT 1').timeout(databaseProbeMs);
  return probe.then(
    () => true,
    () => false,
  );
}
