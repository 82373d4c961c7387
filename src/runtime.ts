import { collectDefaultMetrics, Registry } from 'prom-client';
import { createApi } from './api/app';
import { createRefusalLog } from './api/refusal-log';
import { listen } from './api/server';
import { watchEncryptionKeys } from './encryption-key-watch';
import { makePartitionsAtStart } from './partitions-at-start';
import { createAws } from './platform/aws/client';
import { createKms } from './platform/aws/kms';
import { createAwsProbes } from './platform/aws/probes';
import { createCredentialSecrets } from './platform/aws/secrets';
import { ConfigurationError, workerVersion, type Config } from './platform/config';
import { createBurstCaller } from './platform/burst-caller';
import { consoleDirectory, readConsoleFiles } from './platform/console-files';
import { createConsentStarter } from './platform/consent-starter';
import { installCoreRuntime } from './platform/core-runtime';
import { createDeliveryStarter } from './platform/delivery-starter';
import { createKeyring, type Keyring } from './platform/keyring';
import type { Logger } from './platform/logging';
import { createEngineMetrics, serveOperations } from './platform/metrics';
import { createPayloadCodec } from './platform/payload-codec';
import { createPressure, type Pressure } from './platform/pressure';
import { createTemporalLink } from './platform/temporal-link';
import type { TemporalConnection } from './platform/temporal-profile';
import { createTokens } from './platform/tokens';
import { createTracing, noTracing, type Tracing } from './platform/tracing';
import { startWorker } from './running-worker';
import { createApiKeyValues, type ApiKeyValues } from './store/api-key-values';
import { createAuditStore, type AuditStore } from './store/audit';
import { createBurstQueueStore, type BurstQueueStore } from './store/burst-queue';
import { createCiphertextStore, type CiphertextStore } from './store/ciphertexts';
import { createConsoleSessionStore, type ConsoleSessionStore } from './store/console-sessions';
import { createConsentStore, type ConsentStore } from './store/consents';
import { createCredentialWorkStore, type CredentialWorkStore } from './store/credential-work';
import { createCredentialStore, type CredentialStore } from './store/credentials';
import { createDatabase, pendingMigrations, type Database } from './store/database';
import { createDeliveryStore, type DeliveryStore } from './store/deliveries';
import { createDeliveryStatsStore, type DeliveryStatsStore } from './store/delivery-stats';
import { createDeliveryTrendStore, type DeliveryTrendStore } from './store/delivery-trend';
import { createEventTypeStore, type EventTypeStore } from './store/event-types';
import { createEventStore, type EventStore } from './store/events';
import { createFailingWebhookStore, type FailingWebhookStore } from './store/failing-webhooks';
import { createFailureReportStore, type FailureReportStore } from './store/failure-reports';
import { createInstallationStore, type InstallationStore } from './store/installation';
import { createMessageSigningKeyStore, type MessageSigningKeyStore } from './store/message-signing-keys';
import { measurePool } from './store/pool-metrics';
import { createPortalStore, type PortalStore } from './store/portals';
import { createTenancy, type Tenancy } from './store/tenancy';
import { createTenantStore, type TenantStore } from './store/tenants';
import { createWebhookHealthStore, type WebhookHealthStore } from './store/webhook-health';
import { createWebhookStore, type WebhookStore } from './store/webhooks';

/** One pool and every repository on it. */
export interface Stores {
  database: Database;
  tenancy: Tenancy;
  tenants: TenantStore;
  webhooks: WebhookStore;
  events: EventStore;
  eventTypes: EventTypeStore;
  consents: ConsentStore;
  portals: PortalStore;
  consoleSessions: ConsoleSessionStore;
  credentials: CredentialStore;
  credentialWork: CredentialWorkStore;
  apiKeyValues: ApiKeyValues;
  deliveries: DeliveryStore;
  burstQueue: BurstQueueStore;
  webhookHealth: WebhookHealthStore;
  /** What decides whether deliveries that are stored travel together. */
  pressure: Pressure;
  deliveryStats: DeliveryStatsStore;
  deliveryTrend: DeliveryTrendStore;
  failingWebhooks: FailingWebhookStore;
  failureReports: FailureReportStore;
  audit: AuditStore;
  messageSigningKeys: MessageSigningKeyStore;
  installation: InstallationStore;
  ciphertexts: CiphertextStore;
  keyring: Keyring;
  close(): Promise<void>;
}

export function openStores(
  config: Pick<
    Config,
    | 'DATABASE_URL'
    | 'DATABASE_POOL_SIZE'
    | 'ENCRYPTION_KEYS'
    | 'AWS_ENDPOINT_URL'
    | 'RETRY_BASE'
    | 'BURSTS'
    | 'MAX_WEBHOOKS_PER_TENANT'
    | 'CONSENT_DECISION_TIMEOUT'
    | 'CONSENT_CONSUMPTION_TIMEOUT'
    | 'CREDENTIALS_DEADLINE'
  >,
  tracing: Pick<Tracing, 'current'> = noTracing,
): Stores {
  const tenancy = createTenancy();
  const database = createDatabase(config.DATABASE_URL, { max: config.DATABASE_POOL_SIZE, tenancy });
  const kms = createKms({ endpoint: config.AWS_ENDPOINT_URL ?? null });
  const keyring = createKeyring(config.ENCRYPTION_KEYS, kms);
  const audit = createAuditStore(database);
  const pressure = createPressure();
  const pressed = { traceContext: tracing.current, ...(config.BURSTS === 'on' && { together: pressure.isHigh }) };
  const events = createEventStore(database, { retryBaseMs: config.RETRY_BASE, ...pressed });
  const durations = {
    decisionMs: config.CONSENT_DECISION_TIMEOUT,
    consumptionMs: config.CONSENT_CONSUMPTION_TIMEOUT,
  };
  return {
    database,
    tenancy,
    audit,
    tenants: createTenantStore(database),
    webhooks: createWebhookStore(database, keyring, audit, { perTenant: config.MAX_WEBHOOKS_PER_TENANT }),
    events,
    eventTypes: createEventTypeStore(database, audit),
    consents: createConsentStore({ database, keyring, events, audit, durations }),
    portals: createPortalStore(database),
    consoleSessions: createConsoleSessionStore(database, audit),
    credentials: createCredentialStore({ database, audit, deadlineMs: config.CREDENTIALS_DEADLINE }),
    credentialWork: createCredentialWorkStore({ database, audit, events }),
    apiKeyValues: createApiKeyValues({ database, keyring }),
    deliveries: createDeliveryStore(database, pressed),
    burstQueue: createBurstQueueStore(database),
    webhookHealth: createWebhookHealthStore({ database, events, audit }),
    pressure,
    deliveryStats: createDeliveryStatsStore(database),
    deliveryTrend: createDeliveryTrendStore(database),
    failingWebhooks: createFailingWebhookStore(database),
    failureReports: createFailureReportStore({ database, events }),
    messageSigningKeys: createMessageSigningKeyStore(database, keyring),
    installation: createInstallationStore(database, keyring),
    ciphertexts: createCiphertextStore(database, keyring),
    keyring,
    async close() {
      kms.close();
      await database.destroy();
    },
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

const databaseProbeMs = 1_500;

/**
 * Starts the parts asked for. Temporal may come later; PostgreSQL must be there.
 * @throws ConfigurationError when the database has pending migrations, or `ENCRYPTION_KEYS` is of another one
 */
export async function startService(
  config: Config,
  parts: { api: boolean; worker: boolean; log: Logger; temporal?: TemporalConnection },
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
    const tracing = await createTracing(config, log);
    closers.push(() => tracing.close());
    const stores = openStores(config, tracing);
    closers.push(() => stores.close());
    const pending = await pendingMigrations(stores.database);
    if (pending.length > 0) {
      throw new ConfigurationError(`the database has pending migrations (${pending.length}); run: everhook migrate`);
    }

    await makePartitionsAtStart(config, stores.database, log);

    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const metrics = createEngineMetrics(registry);
    measurePool(stores.database, registry);
    const watching = { metrics, tracing, log };
    const keys = await watchEncryptionKeys({ ...stores, metrics, log });
    closers.push(async () => keys.close());
    const codec = createPayloadCodec({
      keyring: stores.keyring,
      namespace: config.TEMPORAL_NAMESPACE,
      encrypt: config.PAYLOAD_ENCRYPTION === 'on',
      log,
    });
    const link = createTemporalLink({
      address: config.TEMPORAL_ADDRESS,
      ...(parts.temporal && { connection: parts.temporal }),
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      sweepIntervalMs: config.SWEEP_INTERVAL,
      awsSweepIntervalMs: config.CREDENTIALS_SWEEP_INTERVAL,
      retentionIntervalMs: config.RETENTION_INTERVAL,
      // What was started eagerly would run here, whichever version is the current one.
      eagerStart: parts.api && parts.worker && workerVersion(config) === null,
      codec,
      tracing,
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
      told: () => ({ encryptionKeys: keys.allThere() }),
    });
    closers.push(() => operations.close());

    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => (fail = reject));
    failed.catch(() => {});

    const burstCaller = createBurstCaller({ runs: link.bursts, log });
    closers.push(() => burstCaller.close());
    const starter = createDeliveryStarter({
      runs: link.runs,
      markStarted: (some) => stores.deliveries.markStarted(some),
      bursts: burstCaller,
      pressure: stores.pressure,
      backlog: link.backlog,
      log,
    });
    closers.push(() => starter.close());

    const aws = createAws({ endpoint: config.AWS_ENDPOINT_URL ?? null, region: config.AWS_REGION ?? null });
    closers.push(() => Promise.resolve(aws.close()));

    if (parts.worker) {
      const onPolling = (now: boolean) => (polling = now);
      const worker = startWorker({ config, stores, link, starter, aws, ...watching, onPolling, onDeath: fail });
      closers.push(worker.stop);
    }

    let apiPort: number | null = null;
    if (parts.api) {
      const tokens = createTokens({ signingKeys: config.TOKEN_SIGNING_KEY, issuer: 'everhook' });
      await stores.messageSigningKeys.ensureOne();
      await stores.installation.keepCanary();
      const { runs, consentRuns, credentialRuns, connectionTests } = link;
      const consentStarter = createConsentStarter({ runs: consentRuns, log });
      closers.push(() => consentStarter.close());
      const starting = { runs, consentRuns, credentialRuns, connectionTests, starter, consentStarter };
      const onAws = { credentialSecrets: createCredentialSecrets(aws), awsProbes: createAwsProbes(aws) };
      const refusals = createRefusalLog({ audit: stores.audit, log });
      closers.push(() => refusals.close());
      const health = { readiness, workersPoll: link.workersPoll };
      const consoleFiles = config.CONSOLE === 'on' ? await readConsoleFiles(consoleDirectory()) : null;
      if (config.CONSOLE === 'on' && !consoleFiles) log.warn('the console is not built: npm run build does it');
      const app = createApi({
        config,
        log,
        tracing,
        tokens,
        codec,
        consoleFiles,
        ...stores,
        refusals,
        ...starting,
        ...onAws,
        ...health,
        registry,
      });
      const at = { host: config.HOST, port: config.PORT, maxConnections: config.MAX_CONNECTIONS };
      const server = await listen(app, { ...at, log, registry });
      closers.push(() => server.close());
      apiPort = server.port;
    }
    return { apiPort, metricsPort: operations.port, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(database: Database): Promise<boolean> {
  const probe = database.raw('SELECT 1').timeout(databaseProbeMs);
  return probe.then(
    () => true,
    () => false,
  );
}
