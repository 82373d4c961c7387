import { Registry } from 'prom-client';
import type { Worker } from '@temporalio/worker';
import { createAwsActivities, createActivities } from '../../src/activities';
import { createAws } from '../../src/platform/aws/client';
import { createCredentialSecrets } from '../../src/platform/aws/secrets';
import { createConsentRuns } from '../../src/platform/consent-runs';
import { createCredentialRuns } from '../../src/platform/credential-runs';
import { createDeliveryRuns } from '../../src/platform/delivery-runs';
import { createDataConverter } from '../../src/platform/data-converter';
import { createEgress } from '../../src/platform/egress/egress';
import { parseEncryptionKeys } from '../../src/platform/keyring';
import { createLogger } from '../../src/platform/logging';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createTemporalClient, ensureSearchAttributes } from '../../src/platform/temporal';
import { noTracing } from '../../src/platform/tracing';
import { createAwsWorker, createWorker } from '../../src/worker';
import { openStores } from '../../src/runtime';
import { createCredentialStore } from '../../src/store/credentials';
import { createRetentionStore } from '../../src/store/retention';
import { createCredentialCaller, type CreationRequest, type CredentialCaller } from './credential-caller';
import { createWithoutRun } from './credential-without-run';
import { codecOf, newEncryptionKey } from './codec';
import { createTestDatabase } from './database';
import { devServer, testTaskQueue, type DevServer } from './temporal';

/** Workers, stores and the API's part of the work, on real PostgreSQL, real Temporal, and the AWS at `endpoint`. */
export async function openCredentialEngine(options: {
  endpoint: string;
  /** Of its own callers; see also `callerWithin`. */
  deadlineMs?: number;
  ratePerSecond?: number;
  /** Each takes 20 steps at once. */
  awsWorkers?: number;
}) {
  const { endpoint, deadlineMs = 25_000, ratePerSecond = 50, awsWorkers = 1 } = options;
  const testDatabase = await createTestDatabase();
  const encryptionKeys = newEncryptionKey('k1');
  const keys = parseEncryptionKeys(encryptionKeys);
  const stores = openStores({
    DATABASE_URL: testDatabase.url,
    DATABASE_POOL_SIZE: 20,
    ENCRYPTION_KEYS: keys,
    MAX_WEBHOOKS_PER_TENANT: 1_000,
    RETRY_BASE: 2_000,
    BURSTS: 'on',
    CONSENT_DECISION_TIMEOUT: 60_000,
    CONSENT_CONSUMPTION_TIMEOUT: 60_000,
    CREDENTIALS_DEADLINE: deadlineMs,
  });
  const server = devServer();
  const connection = await server.connection();
  const dataConverter = createDataConverter(codecOf(encryptionKeys));
  const client = createTemporalClient(connection, 'default', dataConverter);
  const taskQueue = testTaskQueue();
  const searchAttributes = await ensureSearchAttributes(connection, 'default');
  const registry = new Registry();
  const metrics = createEngineMetrics(registry);
  const logged: string[] = [];
  const log = createLogger({
    level: 'trace',
    role: 'worker',
    destination: { write: (line) => void logged.push(line) },
  });
  const aws = createAws({ endpoint, region: 'eu-central-1' });
  const secrets = createCredentialSecrets(aws);
  const to = { client, taskQueue, searchAttributes };
  const runs = createCredentialRuns(to);
  const egress = createEgress({ allowedOrigins: [], dnsServers: [] });
  const tenantId = (await stores.tenants.createTenant('Test')).id;
  const awsActivities = createAwsActivities({
    ...stores,
    credentialRuns: runs,
    aws,
    log,
  });
  const connections: DevServer[] = [];
  let running: { workers: Worker[]; ended: Promise<unknown> } | undefined;
  let apps = 0;

  const callerWithin = (withinMs: number): CredentialCaller =>
    createCredentialCaller({
      tenantId,
      credentials: createCredentialStore({ ...stores, deadlineMs: withinMs }),
      runs,
      secrets,
      deadlineMs: withinMs,
    });

  return {
    ...callerWithin(deadlineMs),
    /** The same for callers who wait for another time. */
    callerWithin,
    make: createWithoutRun({ ...stores, tenantId, work: stores.credentialWork, secrets, awsActivities }),
    /** For a worker in a process of its own. */
    databaseUrl: testDatabase.url,
    encryptionKeys,
    stores,
    aws,
    runs,
    secrets,
    client,
    taskQueue,
    tenantId,
    registry,
    /** Every line that was logged so far. */
    logged,

    async startWorkers(): Promise<void> {
      const at = {
        connection,
        namespace: 'default',
        taskQueue,
        dataConverter,
        tracing: noTracing,
        shutdownGraceMs: 1_000,
      };
      const activities = createActivities({
        ...stores,
        retention: createRetentionStore(stores.database),
        periods: { retentionMs: 1e10, auditMs: 1e10, dedupeMs: 1e10, payloadMs: null },
        egress,
        runs: createDeliveryRuns(to),
        bursts: { call: () => Promise.resolve() },
        burstsOn: true,
        maxPerWebhook: 50,
        disableFailingAfterMs: null,
        consentRuns: createConsentRuns(to),
        credentialRuns: runs,
        starter: { enqueue: () => Promise.resolve(), close: () => Promise.resolve() },
        metrics,
        tracing: noTracing,
        log,
        shutdown: new AbortController().signal,
        stopping: new AbortController().signal,
        background: new Set(),
      });
      const workers = [await createWorker({ ...at, activities, maxDeliveries: 20 })];
      const rate = { points: ratePerSecond, perSeconds: 1 };
      for (let number = 0; number < awsWorkers; number += 1) {
        // Workers of the same kind don't share a connection.
        const own = devServer();
        const on = { ...at, connection: await own.connection() };
        workers.push(await createAwsWorker({ ...on, activities: awsActivities, rate }));
        connections.push(own);
      }
      running = { workers, ended: Promise.allSettled(workers.map((worker) => worker.run())) };
    },

    async stopWorkers(): Promise<void> {
      running?.workers.filter((worker) => worker.getState() === 'RUNNING').forEach((worker) => worker.shutdown());
      await running?.ended;
      running = undefined;
      await Promise.all(connections.splice(0).map((own) => own.close()));
    },

    /** A request of an app of its own. */
    request(over: Partial<CreationRequest> = {}): CreationRequest {
      apps += 1;
      return {
        appName: `app ${apps}`,
        appSlug: `slug-${apps}`,
        developer: 'dev@example.com',
        credentialType: 'API_KEY',
        apis: [],
        scopes: [],
        region: null,
        userPoolId: null,
        ...over,
      };
    },

    async close(): Promise<void> {
      await this.stopWorkers();
      aws.close();
      await egress.close();
      await stores.close();
      await testDatabase.drop();
      await server.close();
    },
  };
}

export type CredentialEngine = Awaited<ReturnType<typeof openCredentialEngine>>;
