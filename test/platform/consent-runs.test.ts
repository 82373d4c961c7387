import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createConsentActivities } from '../../src/activities/consent';
import type { Consent } from '../../src/domain/consent/consent';
import type { ConsentAction } from '../../src/domain/consent/machine';
import { consentWorkflowId } from '../../src/domain/consent-run';
import { createConsentRuns, type ConsentRuns } from '../../src/platform/consent-runs';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createTemporalClient, searchAttributeKeys, TemporalUnavailable } from '../../src/platform/temporal';
import { createConsentStore, type ConsentStore } from '../../src/store/consents';
import { startProxy } from '../activities/proxy';
import { newConsent } from '../store/new-consent';
import { entry, openTestStores, type TestStores } from '../store/stores';
import { devServer, quietTemporal, testTaskQueue, workflowBundlePath } from '../support/temporal';

quietTemporal();
const server = devServer();
let stores: TestStores;
let tenantId: string;

beforeAll(async () => {
  stores = await openTestStores();
  tenantId = await stores.tenant();
});

afterAll(async () => {
  await server.close();
  await stores.close();
  await stores.drop();
});

/** Consents with their runs on a task queue of their own, by the real clock. */
async function open(durations = { decisionMs: 3_600_000, consumptionMs: 4_200_000 }) {
  const taskQueue = testTaskQueue();
  const client = await server.client();
  const consents: ConsentStore = createConsentStore({ ...stores, durations });
  const runs: ConsentRuns = createConsentRuns({ client, taskQueue, searchAttributes: true });
  const starter = { enqueue: async () => {}, close: async () => {} };
  const activities = createConsentActivities({
    consents,
    starter,
    metrics: createEngineMetrics(new Registry()),
    log: pino({ level: 'silent' }),
  });
  return {
    consents,
    runs,
    handle: (consent: Consent) => client.workflow.getHandle(consentWorkflowId(consent)),
    async working<T>(use: () => Promise<T>): Promise<T> {
      const worker = await Worker.create({
        connection: await server.connection(),
        taskQueue,
        workflowBundle: { codePath: workflowBundlePath() },
        activities,
        shutdownGraceTime: 100,
      });
      return worker.runUntil(use);
    },
    /** Until the run holds its deadline. */
    async waiting(consent: Consent): Promise<void> {
      const handle = client.workflow.getHandle(consentWorkflowId(consent));
      const holds = async () =>
        (await handle.fetchHistory()).events?.some((event) => event.timerStartedEventAttributes);
      while (!(await holds())) await sleep(25);
    },
    async create() {
      return (await consents.create(newConsent(tenantId), entry(tenantId, 'consent.create'))).consent;
    },
    async accept(consent: Consent, action: ConsentAction) {
      const request = { action, reason: 'private' };
      const acceptance = await consents.accept(tenantId, consent.id, request, entry(tenantId, `consent.${action}`));
      if (acceptance?.kind !== 'accepted') throw new Error(`not accepted but ${acceptance?.kind}`);
      return acceptance;
    },
    statusOf: async ({ id }: Consent) => (await consents.find(tenantId, id))?.status,
  };
}

const untilPast = (instant: Date | null) => sleep(Math.max(0, (instant?.getTime() ?? 0) - Date.now() + 300));

describe('starting a run', () => {
  it('twice, or many times at once, is one run', async () => {
    const { runs, create, handle } = await open();
    const consent = await create();
    await Promise.all(Array.from({ length: 5 }, () => runs.start(consent)));
    const { runId } = await handle(consent).describe();
    await runs.start(consent);
    await runs.nudge(consent);
    expect((await handle(consent).describe()).runId).toBe(runId);
  });

  it('says in the Web UI what it is about, which deadline runs and what its timer waits for', async () => {
    const { runs, create, handle, waiting, working } = await open();
    const consent = await create();
    await working(async () => {
      await runs.start(consent);
      await waiting(consent);
      const metadata = await handle(consent).query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(metadata.currentDetails).toContain('AWAITING_AUTHORISATION');
      expect(metadata.currentDetails).toContain(consent.expiresAt?.toISOString());
    });
    const description = await handle(consent).describe();
    expect(await description.staticSummary()).toBe('DATA consent');
    expect(await description.staticDetails()).toContain(`urn:everhook:${consent.id}`);
    const keys = [searchAttributeKeys.TenantId, searchAttributeKeys.ConsentType, searchAttributeKeys.ConsentStatus];
    expect(keys.map((key) => description.typedSearchAttributes.get(key))).toEqual([
      tenantId,
      'DATA',
      'AWAITING_AUTHORISATION',
    ]);
    const { events } = await handle(consent).fetchHistory();
    const timer = events?.find((event) => event.timerStartedEventAttributes);
    const summary = Buffer.from(timer?.userMetadata?.summary?.data ?? []).toString();
    expect(summary).toContain(`decision due before ${consent.expiresAt?.toISOString()}`);
  });
});

describe('acting', () => {
  it('resolves once the action has been carried out, also where there was no run, and tells the Web UI', async () => {
    const { runs, create, accept, statusOf, working, handle } = await open();
    const consent = await create();
    await working(async () => {
      const approval = await accept(consent, 'approve');
      await runs.act(consent, approval);
      expect(await statusOf(consent)).toBe('AUTHORISED');
      const { typedSearchAttributes } = await handle(consent).describe();
      expect(typedSearchAttributes.get(searchAttributeKeys.ConsentStatus)).toBe('AUTHORISED');
      // Asked once more, as after an answer that got lost.
      await runs.act(consent, approval);
      await runs.act(consent, await accept(consent, 'consume'));
      expect(await statusOf(consent)).toBe('CONSUMED');
      await handle(consent).result();
      await runs.act(consent, await accept(consent, 'revoke'));
      expect(await statusOf(consent)).toBe('REVOKED');
      // Long past, and its run over: nothing to wait for.
      await runs.act(consent, approval);
    });
  });

  it('leaves a short history with nothing of the person or the reason in it', async () => {
    const { runs, create, accept, working, handle } = await open();
    const consent = await create();
    await working(async () => {
      await runs.act(consent, await accept(consent, 'approve'));
      await runs.act(consent, await accept(consent, 'revoke'));
      await handle(consent).result();
    });
    const history = await handle(consent).fetchHistory();
    expect(history.events?.length).toBeLessThan(35);
    const texts = JSON.stringify(history, (key, value: unknown) =>
      key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString() : value,
    );
    expect(texts).toContain('AUTHORISED');
    expect(texts).not.toMatch(/private|12345678901|ACCOUNTS_READ/);
  });

  it('says after some five seconds without a worker that Temporal is unavailable; the action comes later all the same', async () => {
    const { runs, create, accept, statusOf, working } = await open();
    const consent = await create();
    const approval = await accept(consent, 'approve');
    const asked = Date.now();
    await expect(runs.act(consent, approval)).rejects.toThrow(TemporalUnavailable);
    expect(Date.now() - asked).toBeLessThan(8_000);
    expect(await statusOf(consent)).toBe('AWAITING_AUTHORISATION');
    await working(async () => {
      while ((await statusOf(consent)) !== 'AUTHORISED') await sleep(50);
    });
  });

  it('on a run whose workers die before the deadline counts, when they come back after it', async () => {
    const { runs, create, accept, consents, working, waiting, handle } = await open({
      decisionMs: 6_000,
      consumptionMs: 2_000,
    });
    const [approved, forgotten] = [await create(), await create()];
    await working(async () => {
      for (const consent of [approved, forgotten]) {
        await runs.start(consent);
        await waiting(consent);
      }
    });
    const { acceptedAt } = await accept(approved, 'approve');
    await untilPast(forgotten.expiresAt);
    await expect(accept(forgotten, 'approve')).rejects.toThrow('refused');
    await working(() => Promise.all([approved, forgotten].map((consent) => handle(consent).result())));
    expect(await consents.find(tenantId, approved.id)).toMatchObject({
      status: 'EXPIRED',
      statusUpdatedAt: new Date(acceptedAt.getTime() + 2_000),
    });
    expect(await consents.find(tenantId, forgotten.id)).toMatchObject({
      status: 'EXPIRED',
      statusUpdatedAt: forgotten.expiresAt,
    });
  });
});

it('every call says so while Temporal is away', async () => {
  const { create, accept } = await open();
  const consent = await create();
  const approval = await accept(consent, 'approve');
  const proxy = await startProxy(`tcp://${server.address}`);
  const connection = await NativeConnection.connect({ address: new URL(proxy.url).host });
  const client = createTemporalClient(connection, 'default');
  const runs = createConsentRuns({ client, taskQueue: testTaskQueue(), searchAttributes: true });
  await proxy.cut();
  await Promise.all([
    expect(runs.start(consent)).rejects.toThrow(TemporalUnavailable),
    expect(runs.act(consent, approval)).rejects.toThrow(TemporalUnavailable),
    expect(runs.nudge(consent)).rejects.toThrow(TemporalUnavailable),
  ]);
  await connection.close();
});
