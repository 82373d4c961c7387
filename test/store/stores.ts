import { randomBytes, randomUUID } from 'node:crypto';
import type { AttemptRecord } from '../../src/domain/delivery';
import type { NewEvent } from '../../src/domain/event';
import { Secret } from '../../src/domain/secret';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import type { Webhook } from '../../src/domain/webhook';
import { createKeyring, parseEncryptionKeys, type Keyring } from '../../src/platform/keyring';
import { createAuditStore } from '../../src/store/audit';
import { createCiphertextStore } from '../../src/store/ciphertexts';
import { createConsentStore } from '../../src/store/consents';
import { createDatabase } from '../../src/store/database';
import { createBurstQueueStore } from '../../src/store/burst-queue';
import { createDeliveryStore } from '../../src/store/deliveries';
import { createEventStore } from '../../src/store/events';
import type { TravelTogether } from '../../src/store/publish';
import { createMessageSigningKeyStore } from '../../src/store/message-signing-keys';
import { createTenantStore } from '../../src/store/tenants';
import { createFailureReportStore } from '../../src/store/failure-reports';
import { createWebhookHealthStore } from '../../src/store/webhook-health';
import { createWebhookStore, type NewWebhook } from '../../src/store/webhooks';
import { createTestDatabase } from '../support/database';

export const retryBaseMs = 2_000;
export const consentDurations = { decisionMs: 60 * 60_000, consumptionMs: 70 * 60_000 };

/** Every repository on a database of its own; `close` in `afterAll`. */
export async function openTestStores(options: Parameters<typeof openStoresOn>[1] = {}) {
  const testDatabase = await createTestDatabase();
  return { ...openStoresOn(testDatabase.url, options), drop: testDatabase.drop };
}

export type TestStores = ReturnType<typeof openStoresOn> & { drop(): Promise<void> };

/** Repositories with a pool of their own on `url`, as another process would have them. */
export function openStoresOn(
  url: string,
  {
    max = 10,
    keyring = createKeyring(parseEncryptionKeys(`test:${randomBytes(32).toString('base64')}`)),
    together = () => false,
  }: { max?: number; keyring?: Keyring; together?: TravelTogether } = {},
) {
  const database = createDatabase(url, { max });
  const audit = createAuditStore(database);
  const tenants = createTenantStore(database);
  const webhooks = createWebhookStore(database, keyring, audit);
  const events = createEventStore(database, { retryBaseMs, together });
  return {
    url,
    database,
    keyring,
    audit,
    tenants,
    webhooks,
    events,
    consents: createConsentStore({ database, keyring, events, audit, durations: consentDurations }),
    deliveries: createDeliveryStore(database, { together }),
    burstQueue: createBurstQueueStore(database),
    webhookHealth: createWebhookHealthStore({ database, events, audit }),
    failureReports: createFailureReportStore({ database, events }),
    messageSigningKeys: createMessageSigningKeyStore(database, keyring),
    ciphertexts: createCiphertextStore(database, keyring),

    async tenant(): Promise<string> {
      return (await tenants.createTenant(`tenant ${randomUUID()}`)).id;
    },

    /** A webhook for `everhook.test` events, unless said otherwise. */
    webhook(tenantId: string, rest: Partial<NewWebhook> = {}): Promise<Webhook> {
      const { targetUrl = 'https://receiver.example/hook' } = rest;
      const webhook: NewWebhook = {
        tenantId,
        contract: 'everhook',
        targetUrl,
        events: ['everhook.test'],
        disabled: false,
        auth: { type: 'noauth' },
        headers: {},
        timeoutMs: 3_000,
        maxRetries: 3,
        signingSecret: newSigningSecret(),
        ...rest,
      };
      return webhooks.create(webhook, entry(tenantId, 'webhook.create'));
    },

    /** One event published to `everhook.test`; its deliveries in the order of their webhooks. */
    async publish(tenantId: string, rest: Partial<NewEvent> = {}) {
      const { results, toStart } = await events.publish(tenantId, [newEvent(rest)]);
      const [result] = results;
      if (result?.kind !== 'stored') throw new Error(`not stored but ${result?.kind}`);
      return { ...result, toStart };
    },

    async close() {
      await database.destroy();
    },
  };
}

export function newEvent(rest: Partial<NewEvent> = {}): NewEvent {
  return {
    eventId: randomUUID(),
    type: 'everhook.test',
    payload: { message: 'hello' },
    occurredAt: null,
    webhookId: null,
    channel: null,
    ...rest,
  };
}

/** What a route says for the audit log. */
export function entry(tenantId: string, action: string, fields: string[] = []) {
  return {
    tenantId,
    actor: 'client:test',
    action,
    objectType: 'webhook',
    fields,
    address: '127.0.0.1',
    requestId: 'request-1',
    outcome: 'success',
  } as const;
}

/** A secret whose text can be looked for wherever it must not be. */
export function canary(): { text: string; secret: Secret } {
  const text = `canary-${randomBytes(12).toString('hex')}`;
  return { text, secret: new Secret(text) };
}

/** The one element; fails the test when there is another number of them. */
export function only<T>(list: readonly T[]): T {
  const [first] = list;
  if (list.length !== 1 || first === undefined) throw new Error(`expected one, found ${list.length}`);
  return first;
}

/** One pending delivery of a tenant of its own. */
export async function pendingDelivery(stores: TestStores) {
  const tenantId = await stores.tenant();
  const webhook = await stores.webhook(tenantId);
  const { toStart, eventId } = await stores.publish(tenantId);
  return { tenantId, webhook, eventId, delivery: only(toStart), request: { ...only(toStart), nextWaitMs: 2_000 } };
}

export const attemptedAt = new Date('2026-01-15T09:30:00.000Z');

/** A failed first attempt, unless said otherwise. */
export const attempt = (rest: Partial<AttemptRecord> = {}): AttemptRecord => ({
  number: 1,
  startedAt: attemptedAt.toISOString(),
  durationMs: 120,
  statusCode: 503,
  errorClass: 'http_status',
  responseBody: 'busy',
  responseHeaders: { server: 'nginx', 'retry-after': '"2"' },
  ...rest,
});

export const deliveredAttempt = attempt({ statusCode: 200, errorClass: null, responseBody: 'ok', responseHeaders: null });

/** The secrets of a webhook as a delivery finds them. */
export async function secretsOf(stores: TestStores, tenantId: string, webhookId: string) {
  const { toStart } = await stores.publish(tenantId, { webhookId });
  const loaded = await stores.deliveries.loadAttempt({ ...only(toStart), number: 1, nextWaitMs: null });
  const opened = await stores.webhooks.openSecrets(tenantId, loaded?.secrets ?? []);
  return {
    signing: opened.signing.map((secret) => secret.reveal()),
    auth: opened.auth && { id: opened.auth.id, value: opened.auth.value.reveal() },
    headers: Object.fromEntries([...opened.headers].map(([name, secret]) => [name, secret.reveal()])),
  };
}
