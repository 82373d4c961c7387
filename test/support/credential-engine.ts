import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import type { Worker } from '@temporalio/worker';
import { createAwsActivities, createActivities } from '../../src/activities';
import type { CredentialChange, CredentialReference, CredentialRequest } from '../../src/domain/credential/credential';
import type { OperationOutcome, StartableOperation } from '../../src/domain/credential-run';
import { createApiKeyValues } from '../../src/platform/api-key-values';
import { createAws } from '../../src/platform/aws/client';
import { AwsFailure } from '../../src/platform/aws/errors';
import { createCredentialSecrets } from '../../src/platform/aws/secrets';
import { createConsentRuns } from '../../src/platform/consent-runs';
import { createCredentialRuns } from '../../src/platform/credential-runs';
import { createDeliveryRuns } from '../../src/platform/delivery-runs';
import { createDataConverter } from '../../src/platform/data-converter';
import { createEgress } from '../../src/platform/egress/egress';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createLogger } from '../../src/platform/logging';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createPayloadCodec } from '../../src/platform/payload-codec';
import { createTemporalClient, ensureSearchAttributes, TemporalUnavailable } from '../../src/platform/temporal';
import { createAwsWorker, createWorker } from '../../src/worker';
import { openStores } from '../../src/runtime';
import { createTestDatabase } from './database';
import { devServer, testTaskQueue } from './temporal';

export type Asked = Partial<CredentialRequest> & { scopes?: string[]; userPoolId?: string | null };

/** What the caller of an operation hears, as the API would tell it. */
export type Heard =
  | { kind: 'created'; credentialId: string; awsId: string; secret: string }
  | { kind: 'done' }
  | { kind: 'refused'; why: string }
  | { kind: 'failed'; code: string };

/** Workers, stores and the API's part of the work, on real PostgreSQL, real Temporal, and the AWS at `endpoint`. */
export async function openCredentialEngine(options: { endpoint: string; deadlineMs?: number; ratePerSecond?: number }) {
  const { endpoint, deadlineMs = 25_000, ratePerSecond = 50 } = options;
  const testDatabase = await createTestDatabase();
  const keys = parseEncryptionKeys(`k1:${randomBytes(32).toString('base64')}`);
  const stores = openStores({
    DATABASE_URL: testDatabase.url,
    DATABASE_POOL_SIZE: 10,
    ENCRYPTION_KEYS: keys,
    RETRY_BASE: 2_000,
    CONSENT_DECISION_TIMEOUT: 60_000,
    CONSENT_CONSUMPTION_TIMEOUT: 60_000,
    CREDENTIALS_DEADLINE: deadlineMs,
  });
  const server = devServer();
  const connection = await server.connection();
  const codec = createPayloadCodec({
    keyring: createKeyring(keys),
    namespace: 'default',
    encrypt: true,
    log: createLogger({ level: 'silent', role: 'worker' }),
  });
  const dataConverter = createDataConverter(codec);
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
  let running: { workers: Worker[]; ended: Promise<unknown> } | undefined;
  let apps = 0;

  const entry = (action: string) => ({
    tenantId,
    actor: 'portal:test',
    action,
    objectType: 'credential',
    fields: [],
    address: null,
    requestId: null,
    outcome: 'success' as const,
  });

  /** As the API waits: until the outcome, the deadline, or until the caller hangs up. */
  async function outcomeOf(operation: StartableOperation, hangUp?: Promise<void>): Promise<OperationOutcome> {
    try {
      const performed = runs.perform(operation, deadlineMs);
      const hungUp = hangUp?.then(() => Promise.reject(new TemporalUnavailable(new Error('the caller hung up'))));
      return await (hungUp ? Promise.race([performed, hungUp]) : performed);
    } catch (error) {
      if (!(error instanceof TemporalUnavailable)) throw error;
      const given = await stores.credentials.giveUp(operation);
      if (given.kind === 'given_up' && given.tell) await runs.tell(operation, 'given_up');
      if (given.kind === 'succeeded') return { kind: 'succeeded' };
      return given.kind === 'failed' ? given.outcome : { kind: 'failed', code: 'deadline', message: 'given up' };
    }
  }

  return {
    /** For a worker in a process of its own. */
    databaseUrl: testDatabase.url,
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
      const at = { connection, namespace: 'default', taskQueue, dataConverter, shutdownGraceMs: 1_000 };
      const activities = createActivities({
        ...stores,
        egress,
        runs: createDeliveryRuns(to),
        consentRuns: createConsentRuns(to),
        credentialRuns: runs,
        starter: { enqueue: () => Promise.resolve(), close: () => Promise.resolve() },
        metrics,
        log,
        shutdown: new AbortController().signal,
      });
      const awsActivities = createAwsActivities({
        ...stores,
        credentialRuns: runs,
        aws,
        apiKeyValues: createApiKeyValues(keys),
        log,
      });
      const workers = [
        await createWorker({ ...at, activities, maxDeliveries: 20 }),
        await createAwsWorker({ ...at, activities: awsActivities, rate: { points: ratePerSecond, perSeconds: 1 } }),
      ];
      running = { workers, ended: Promise.allSettled(workers.map((worker) => worker.run())) };
    },

    async stopWorkers(): Promise<void> {
      running?.workers.filter((worker) => worker.getState() === 'RUNNING').forEach((worker) => worker.shutdown());
      await running?.ended;
      running = undefined;
    },

    /** A request of an app of its own. */
    request(over: Asked = {}): CredentialRequest & { scopes: string[]; region: null; userPoolId: string | null } {
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

    /**
     * All that the API does for a creation; `write` false: the caller has hung up when the answer is written. `hangUp`: it
     * does so when that resolves.
     */
    async create(
      request: ReturnType<typeof this.request>,
      { write = true, hangUp }: { write?: boolean; hangUp?: Promise<void> } = {},
    ): Promise<Heard> {
      const acceptance = await stores.credentials.acceptCreate(tenantId, request, entry('credential.create'));
      if (acceptance.kind === 'conflict') return { kind: 'refused', why: 'conflict' };
      const operation = acceptance.kind === 'accepted' ? acceptance.operation : undefined;
      if (operation) {
        const outcome = await outcomeOf(operation, hangUp);
        if (outcome.kind === 'failed') return { kind: 'failed', code: outcome.code };
      }
      const id = operation?.credentialId ?? (acceptance.kind === 'repeated' ? acceptance.credential.id : '');
      const credential = await stores.credentials.find(tenantId, id);
      if (!credential?.awsId) throw new Error('a made credential has no id of AWS');
      const read = await secrets.read({ ...credential, awsId: credential.awsId }).catch((error: unknown) => {
        if (error instanceof AwsFailure) return error;
        throw error;
      });
      if (read instanceof AwsFailure) {
        const given = operation && (await stores.credentials.giveUp(operation));
        if (operation && given?.kind === 'given_up' && given.tell) await runs.tell(operation, 'given_up');
        return { kind: 'failed', code: 'aws_unavailable' };
      }
      const secret = read;
      if (operation && !(await stores.credentials.handOver(operation))) return { kind: 'failed', code: 'deadline' };
      if (operation && !write) {
        const revocation = await stores.credentials.takeBack(operation, entry('credential.take_back'));
        if (revocation) await runs.nudge(revocation);
        return { kind: 'failed', code: 'given_up' };
      }
      if (operation) await runs.tell(operation, 'handed_over');
      if (!secret) return { kind: 'failed', code: 'aws_refused' };
      const value = secret.credentialType === 'API_KEY' ? secret.apiKey : secret.clientSecret;
      return { kind: 'created', credentialId: id, awsId: credential.awsId, secret: value.reveal() };
    },

    async update(reference: CredentialReference, change: CredentialChange, scopes?: string[]): Promise<Heard> {
      const asked = { change, ...(scopes && { scopes }) };
      const acceptance = await stores.credentials.acceptUpdate(tenantId, reference, asked, entry('credential.update'));
      if (acceptance.kind !== 'accepted') return { kind: 'refused', why: acceptance.kind };
      const outcome = await outcomeOf(acceptance.operation);
      return outcome.kind === 'failed' ? { kind: 'failed', code: outcome.code } : { kind: 'done' };
    },

    async revoke(reference: CredentialReference): Promise<Heard> {
      const acceptance = await stores.credentials.acceptRevoke(tenantId, reference, {}, entry('credential.revoke'));
      if (acceptance.kind === 'done') return { kind: 'done' };
      if (acceptance.kind !== 'accepted') return { kind: 'refused', why: acceptance.kind };
      const outcome = await outcomeOf(acceptance.operation);
      return outcome.kind === 'failed' ? { kind: 'failed', code: outcome.code } : { kind: 'done' };
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
