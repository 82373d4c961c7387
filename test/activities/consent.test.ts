import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createConsentActivities } from '../../src/activities/consent';
import { createConsentSweepActivities } from '../../src/activities/consent-sweep';
import type { Consent } from '../../src/domain/consent/consent';
import { consentWorkflowId } from '../../src/domain/consent-run';
import type { StartableDelivery } from '../../src/domain/delivery-run';
import { newId } from '../../src/domain/ids';
import { createConsentRuns, type ConsentRuns } from '../../src/platform/consent-runs';
import { createLogger } from '../../src/platform/logging';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createTemporalClient, TemporalUnavailable } from '../../src/platform/temporal';
import { createConsentStore, type ConsentStore } from '../../src/store/consents';
import { createDatabase, StoreUnavailable } from '../../src/store/database';
import { newConsent } from '../store/new-consent';
import { consentDurations, entry, only, openTestStores, type TestStores } from '../store/stores';
import { closedPort } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

quietTemporal();
const server = devServer();
const taskQueue = testTaskQueue();
let stores: TestStores;
let tenantId: string;
let now: Date;
let consents: ConsentStore;

const over = (dead: TestStores['database']) =>
  createConsentStore({ ...stores, database: dead, durations: consentDurations });

beforeAll(async () => {
  stores = await openTestStores();
});

beforeEach(async () => {
  await stores.database('consent_actions').delete();
  await stores.database('consents').delete();
  tenantId = await stores.tenant();
  now = new Date('2026-03-01T12:00:00.000Z');
  consents = createConsentStore({ ...stores, durations: consentDurations, clock: async () => now });
});

afterAll(async () => {
  await server.close();
  await stores.close();
  await stores.drop();
});

const create = async (): Promise<Consent> =>
  (await consents.create(newConsent(tenantId), entry(tenantId, 'consent.create'))).consent;
const approve = (consent: Consent) =>
  consents.accept(tenantId, consent.id, { action: 'approve', reason: 'private' }, entry(tenantId, 'consent.approve'));
const timePasses = (ms: number) => void (now = new Date(now.getTime() + ms));

describe('settling a consent', () => {
  function activity(store = consents) {
    const started: StartableDelivery[] = [];
    const logged: string[] = [];
    const registry = new Registry();
    const metrics = createEngineMetrics(registry);
    const starter = {
      enqueue: async (some: readonly StartableDelivery[]) => void started.push(...some),
      close: async () => {},
    };
    const log = createLogger({
      level: 'info',
      role: 'worker',
      destination: { write: (line) => void logged.push(line) },
    });
    return { ...createConsentActivities({ consents: store, starter, metrics, log }), registry, started, logged };
  }

  it('starts the deliveries of its events, and says in the log what moved, not why', async () => {
    const webhook = await stores.webhook(tenantId, { events: ['consent:approved'] });
    const consent = await create();
    await approve(consent);
    const { settleConsent, started, logged } = activity();
    expect(await settleConsent(consent)).toEqual({
      status: 'AUTHORISED',
      expiresAt: '2026-03-01T13:10:00.000Z',
      waitMs: 70 * 60_000,
    });
    expect(only(started)).toMatchObject({ webhookId: webhook.id, eventType: 'consent:approved' });
    expect(only(logged)).toContain('"status":"AUTHORISED"');
    expect(logged.join('')).not.toContain('private');
    await settleConsent(consent);
    expect(started).toHaveLength(1);
  });

  it('counts what moved, and how late', async () => {
    const consent = await create();
    await approve(consent);
    timePasses(2_000);
    const { settleConsent, registry } = activity();
    await settleConsent(consent);
    timePasses(70 * 60_000);
    await settleConsent(consent);
    const text = await registry.metrics();
    expect(text).toContain('everhook_consents_total{type="DATA",status="AUTHORISED"} 1');
    expect(text).toContain('everhook_consents_total{type="DATA",status="EXPIRED"} 1');
    expect(text).toContain('everhook_consent_lag_seconds_sum{on="action"} 2');
    expect(text).toContain('everhook_consent_lag_seconds_sum{on="deadline"} 2');
  });

  it('fails for good where there is no such consent', async () => {
    const failure = await activity()
      .settleConsent({ tenantId, id: newId() })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ nonRetryable: true, type: 'no_such_consent' });
  });

  it('fails as an outage while PostgreSQL is away', async () => {
    const dead = createDatabase(`postgres://u:p@127.0.0.1:${await closedPort()}/db`);
    await expect(activity(over(dead)).settleConsent({ tenantId, id: newId() })).rejects.toThrow(StoreUnavailable);
    await dead.destroy();
  });
});

describe('a sweep of consents', () => {
  async function sweep(runs?: ConsentRuns, store = consents) {
    const consentRuns = runs ?? createConsentRuns({ client: await server.client(), taskQueue, searchAttributes: true });
    const { sweepConsents } = createConsentSweepActivities({
      consents: store,
      consentRuns,
      log: pino({ level: 'silent' }),
    });
    return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(sweepConsents);
  }
  const handle = async (consent: Consent) => (await server.client()).workflow.getHandle(consentWorkflowId(consent));

  it('starts the runs of consents that were created and never started', async () => {
    const created = await Promise.all(Array.from({ length: 30 }, create));
    expect(await sweep()).toEqual({ nudged: 0 });
    timePasses(10_000);
    expect(await sweep()).toEqual({ nudged: 30 });
    for (const consent of created) expect((await (await handle(consent)).describe()).status.name).toBe('RUNNING');
    expect(await sweep()).toEqual({ nudged: 0 });
  });

  it('tells an open run of what was accepted, without a second run', async () => {
    const consent = await create();
    timePasses(10_000);
    await sweep();
    const { runId } = await (await handle(consent)).describe();
    await consents.settle(tenantId, consent.id);
    await approve(consent);
    timePasses(10_000);
    expect(await sweep()).toEqual({ nudged: 1 });
    expect((await (await handle(consent)).describe()).runId).toBe(runId);
    const { events } = await (await handle(consent)).fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(2);
  });

  it('begins the run again that an operator has terminated, once its deadline is past', async () => {
    const consent = await create();
    timePasses(10_000);
    await sweep();
    const first = await (await handle(consent)).describe();
    await consents.settle(tenantId, consent.id);
    await (await handle(consent)).terminate('by an operator');
    timePasses(61 * 60_000);
    expect(await sweep()).toEqual({ nudged: 0 });
    timePasses(2 * 60_000);
    expect(await sweep()).toEqual({ nudged: 1 });
    const second = await (await handle(consent)).describe();
    expect(second.status.name).toBe('RUNNING');
    expect(second.runId).not.toBe(first.runId);
  });

  it('goes on with the others when one of them is refused', async () => {
    const created = await Promise.all([create(), create(), create()]);
    const nudged: string[] = [];
    const picky: ConsentRuns = {
      start: async () => {},
      act: async () => {},
      nudge: async ({ id }) => {
        if (id === created[0]?.id) throw new Error('refused');
        nudged.push(id);
      },
    };
    timePasses(10_000);
    expect(await sweep(picky)).toEqual({ nudged: 2 });
    expect(nudged).toHaveLength(2);
    timePasses(60_000);
    expect((await consents.claimNeglected(10, 1)).map(({ id }) => id)).toContain(created[0]?.id);
  });

  it('fails while Temporal or PostgreSQL is away, and what it had claimed is free again after a minute', async () => {
    const consent = await create();
    timePasses(10_000);
    const connection = await NativeConnection.connect({ address: server.address });
    const client = createTemporalClient(connection, 'default');
    await connection.close();
    await expect(sweep(createConsentRuns({ client, taskQueue, searchAttributes: true }))).rejects.toThrow(
      TemporalUnavailable,
    );
    timePasses(60_000);
    expect((await consents.claimNeglected(10, 1)).map(({ id }) => id)).toEqual([consent.id]);
    const dead = createDatabase(`postgres://u:p@127.0.0.1:${await closedPort()}/db`);
    await expect(sweep(undefined, over(dead))).rejects.toThrow(StoreUnavailable);
    await dead.destroy();
  });
});
