import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createApi, type ApiDependencies } from '../../src/api/app';
import { createRefusalLog } from '../../src/api/refusal-log';
import { listen, type ClientTimeouts } from '../../src/api/server';
import type { StartableConsent } from '../../src/domain/consent-run';
import type { ConsentAction } from '../../src/domain/consent/machine';
import type { StartableOperation } from '../../src/domain/credential-run';
import type { DeliveryIdentity, StartableDelivery } from '../../src/domain/delivery-run';
import { readConfig, type Config } from '../../src/platform/config';
import type { ConsentRuns } from '../../src/platform/consent-runs';
import type { CredentialRuns } from '../../src/platform/credential-runs';
import type { DeliveryRuns } from '../../src/platform/delivery-runs';
import { createKms } from '../../src/platform/aws/kms';
import { createKeyring } from '../../src/platform/keyring';
import { createPayloadCodec } from '../../src/platform/payload-codec';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { createTokens, hashClientSecret, newClientSecret } from '../../src/platform/tokens';
import { noTracing } from '../../src/platform/tracing';
import { createAuditStore } from '../../src/store/audit';
import { createConsoleSessionStore } from '../../src/store/console-sessions';
import { createConsentStore, type ConsentStore } from '../../src/store/consents';
import { createCredentialStore } from '../../src/store/credentials';
import { createDatabase, type Database } from '../../src/store/database';
import { createBurstQueueStore } from '../../src/store/burst-queue';
import { createDeliveryStore } from '../../src/store/deliveries';
import { createDeliveryStatsStore } from '../../src/store/delivery-stats';
import { createDeliveryTrendStore } from '../../src/store/delivery-trend';
import { createEventTypeStore } from '../../src/store/event-types';
import { createEventStore } from '../../src/store/events';
import { createFailingWebhookStore } from '../../src/store/failing-webhooks';
import { createInstallationStore } from '../../src/store/installation';
import { createMessageSigningKeyStore } from '../../src/store/message-signing-keys';
import { createPortalStore } from '../../src/store/portals';
import { createTenancy } from '../../src/store/tenancy';
import { createTenantStore, scopes, type Scope } from '../../src/store/tenants';
import { createWebhookStore } from '../../src/store/webhooks';
import { createTestDatabase } from './database';
import { openApiConformance } from './openapi-conformance';

export interface TestClient {
  tenantId: string;
  clientId: string;
  clientSecret: string;
  token: string;
}

/** One answer of the API, checked against the OpenAPI document already. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined for an empty or other one. */
  json: unknown;
}

export interface CallOptions {
  token?: string;
  /** An object is sent as JSON, text and bytes as they are. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** What the Temporal side was asked; `ask` can be told what to answer. */
export interface RecordedRuns {
  started: StartableDelivery[];
  asked: { deliveryWebhook: string; update: string }[];
  answer: (delivery: DeliveryIdentity) => Promise<'accepted' | 'not_running'>;
}

/** What the runs of consents were asked for. They carry it out at once, unless told to do something else. */
export interface RecordedConsentRuns {
  started: StartableConsent[];
  acted: { id: string; action: ConsentAction }[];
  /** Throws to be away; the default carries out what was accepted. */
  act: (consent: StartableConsent) => Promise<void>;
}

/** What the runs of credentials were asked for. Nobody carries it out, unless told to. */
export interface RecordedCredentialRuns {
  told: { operation: StartableOperation; news: string }[];
  nudged: StartableOperation[];
  perform: CredentialRuns['perform'];
}

export interface TestApi {
  url: string;
  config: Config;
  database: Database;
  dependencies: ApiDependencies;
  registry: Registry;
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[];
  runs: RecordedRuns;
  consentRuns: RecordedConsentRuns;
  credentialRuns: RecordedCredentialRuns;
  /** Answers of the API by operation and status: `getWebhook 200`. */
  seen: Set<string>;
  newClient(options?: { scopes?: readonly Scope[]; tenantId?: string }): Promise<TestClient>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface TestApiOptions {
  /** Settings besides those every test has. */
  env?: Record<string, string>;
  overrides?: Partial<ApiDependencies>;
  /** How long a request waits for a connection; longer for who keeps the process busy. */
  acquireTimeoutMs?: number;
  timeouts?: ClientTimeouts;
}

/** What is alike and comes together is one entry of the audit log; tests need not wait a minute for it. */
const refusalWindowMs = 100;

/** The API on an ephemeral port with a database of its own; Temporal is recorded, not called. */
export async function startTestApi({
  env = {},
  overrides = {},
  acquireTimeoutMs = 2_000,
  timeouts,
}: TestApiOptions = {}): Promise<TestApi> {
  const testDatabase = await createTestDatabase();
  const config = readConfig({
    DATABASE_URL: testDatabase.url,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    TEMPORAL_UI_URL: 'http://localhost:8233',
    RATE_LIMIT_WRITES: '100000/s',
    RATE_LIMIT_EVENTS: '100000/s',
    ...env,
  });
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, lineCollector(logged));
  const tenancy = createTenancy();
  const database = createDatabase(config.DATABASE_URL, { max: 5, acquireTimeoutMs, tenancy });
  const keyring = createKeyring(config.ENCRYPTION_KEYS, createKms({ endpoint: config.AWS_ENDPOINT_URL ?? null }));
  const audit = createAuditStore(database);
  const runs: RecordedRuns = { started: [], asked: [], answer: () => Promise.resolve('accepted') };
  const events = createEventStore(database, { retryBaseMs: config.RETRY_BASE });
  const durations = {
    decisionMs: config.CONSENT_DECISION_TIMEOUT,
    consumptionMs: config.CONSENT_CONSUMPTION_TIMEOUT,
  };
  const consents = createConsentStore({ database, keyring, events, audit, durations });
  const consentRuns = carriedOutBy(consents, runs);
  const credentialRuns: RecordedCredentialRuns = {
    told: [],
    nudged: [],
    perform: () => Promise.reject(new TemporalUnavailable(new Error('no worker'))),
  };
  const registry = new Registry();
  const dependencies: ApiDependencies = {
    config,
    log,
    tracing: noTracing,
    tenancy,
    tokens: createTokens({ signingKeys: config.TOKEN_SIGNING_KEY, issuer: 'everhook' }),
    tenants: createTenantStore(database),
    webhooks: createWebhookStore(database, keyring, audit, { perTenant: config.MAX_WEBHOOKS_PER_TENANT }),
    events,
    eventTypes: createEventTypeStore(database, audit),
    consents,
    portals: createPortalStore(database),
    consoleSessions: createConsoleSessionStore(database, audit),
    consoleFiles: null,
    credentials: createCredentialStore({ database, audit, deadlineMs: config.CREDENTIALS_DEADLINE }),
    deliveries: createDeliveryStore(database),
    burstQueue: createBurstQueueStore(database),
    deliveryStats: createDeliveryStatsStore(database),
    deliveryTrend: createDeliveryTrendStore(database),
    failingWebhooks: createFailingWebhookStore(database),
    audit,
    messageSigningKeys: createMessageSigningKeyStore(database, keyring),
    codec: createPayloadCodec({ keyring, namespace: config.TEMPORAL_NAMESPACE, encrypt: true, log }),
    installation: createInstallationStore(database, keyring),
    refusals: createRefusalLog({ audit, log, windowMs: refusalWindowMs }),
    runs: recordingRuns(runs),
    connectionTests: { run: () => Promise.resolve({ statusCode: 200, errorClass: null, durationMs: 12 }) },
    starter: {
      enqueue: (deliveries) => {
        runs.started.push(...deliveries);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    consentRuns: recordingConsentRuns(consentRuns),
    consentStarter: {
      start: (consent) => void consentRuns.started.push(consent),
      close: () => Promise.resolve(),
    },
    credentialRuns: {
      perform: (operation, withinMs) => credentialRuns.perform(operation, withinMs),
      nudge: async (operation) => void credentialRuns.nudged.push(operation),
      tell: async (operation, news) => void credentialRuns.told.push({ operation, news }),
    },
    credentialSecrets: { read: () => Promise.resolve(null) },
    awsProbes: {
      apiGateway: () => Promise.resolve(),
      userPool: () => Promise.resolve({ hasDomain: true, missingScopes: [] }),
    },
    readiness: () => Promise.resolve({ postgresql: true, temporal: true }),
    workersPoll: () => Promise.resolve(true),
    registry,
    ...overrides,
  };
  const listening = await listen(createApi(dependencies), {
    host: '127.0.0.1',
    port: 0,
    maxConnections: config.MAX_CONNECTIONS,
    log,
    registry,
    ...(timeouts && { timeouts }),
  });
  const url = `http://127.0.0.1:${listening.port}`;
  const seen = new Set<string>();
  const conform = openApiConformance(async () => (await fetch(`${url}/openapi.json`)).json(), seen);

  return {
    url,
    config,
    database,
    dependencies,
    registry,
    logged,
    runs,
    consentRuns,
    credentialRuns,
    seen,

    async newClient({ scopes: held = scopes, tenantId } = {}) {
      const { tenants, tokens } = dependencies;
      const tenant = tenantId ?? (await tenants.createTenant('Test')).id;
      const secret = newClientSecret();
      const client = await tenants.createClient({
        tenantId: tenant,
        name: 'test',
        secretDigest: hashClientSecret(secret),
        scopes: held,
      });
      const { accessToken } = await tokens.issue({ tenantId: tenant, clientId: client.id, scopes: [...held] });
      return { tenantId: tenant, clientId: client.id, clientSecret: secret.reveal(), token: accessToken };
    },

    async call(method, path, { token, body, headers = {} } = {}) {
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
        redirect: 'manual',
      });
      const text = await response.text();
      const isJson = text !== '' && /json/.test(response.headers.get('content-type') ?? '');
      const answer = {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson ? (JSON.parse(text) as unknown) : undefined,
      };
      await conform(method, new URL(path, url).pathname, answer);
      return answer;
    },

    async close() {
      await listening.close();
      await dependencies.refusals.close();
      await database.destroy();
      await testDatabase.drop();
    },
  };
}

function lineCollector(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
}

function recordingRuns(runs: RecordedRuns): DeliveryRuns {
  return {
    start: () => Promise.resolve(),
    state: () => Promise.resolve('unknown'),
    ask(delivery, update) {
      runs.asked.push({ deliveryWebhook: delivery.webhookId, update });
      return runs.answer(delivery);
    },
  };
}

/** As a worker would: what was accepted is carried out where it is stored, and its events' deliveries are started. */
function carriedOutBy(consents: ConsentStore, runs: RecordedRuns): RecordedConsentRuns {
  return {
    started: [],
    acted: [],
    async act({ tenantId, id }) {
      const outcome = await consents.settle(tenantId, id);
      runs.started.push(...(outcome?.toStart ?? []));
    },
  };
}

function recordingConsentRuns(recorded: RecordedConsentRuns): ConsentRuns {
  return {
    async start(consent) {
      recorded.started.push(consent);
    },
    async act(consent, { action }) {
      recorded.acted.push({ id: consent.id, action });
      await recorded.act(consent);
    },
    nudge: () => Promise.resolve(),
  };
}

/** What every error of the native API has besides its own. */
export const anyRequestId = expect.stringMatching(/^[\w-]{1,64}$/) as string;
