import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createConsentActivities } from '../../src/activities/consent';
import { consentEventId } from '../../src/domain/consent/event';
import { consentEvents, type ConsentAction } from '../../src/domain/consent/machine';
import { consentWorkflowId, type StartableConsent } from '../../src/domain/consent-run';
import { createConsentRuns } from '../../src/platform/consent-runs';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createConsentStore, type NewConsent } from '../../src/store/consents';
import { newConsent } from '../store/new-consent';
import { consentDurations, entry, openTestStores } from '../store/stores';
import { testTaskQueue, timeSkippingEnvironment, workflowBundlePath } from '../support/temporal';

/** Consents on a real database and a server whose time passes at once; the deadlines are those of production. */
export async function openConsents() {
  const [environment, stores] = await Promise.all([timeSkippingEnvironment(), openTestStores()]);
  const tenantId = await stores.tenant();
  const taskQueue = testTaskQueue();
  let frozen: Date | null = null;
  let aheadMs = 0;
  const consents = createConsentStore({
    ...stores,
    durations: consentDurations,
    clock: async () => frozen ?? new Date((await environment.currentTimeMs()) + aheadMs),
  });
  const runs = createConsentRuns({ client: environment.client, taskQueue, searchAttributes: true });
  const starter = { enqueue: async () => {}, close: async () => {} };
  const activities = createConsentActivities({
    consents,
    starter,
    metrics: createEngineMetrics(new Registry()),
    log: pino({ level: 'silent' }),
  });

  const world = {
    environment,
    stores,
    tenantId,
    consents,
    runs,
    activities,

    /** A worker while `use` runs. */
    async working<T>(use: () => Promise<T>, instead: Partial<typeof activities> = {}): Promise<T> {
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        workflowBundle: { codePath: workflowBundlePath() },
        activities: { ...activities, ...instead },
      });
      return worker.runUntil(use);
    },

    /** A consent of now with its run started. */
    async create(rest: Partial<NewConsent> = {}) {
      const { consent } = await consents.create(newConsent(tenantId, rest), entry(tenantId, 'consent.create'));
      await runs.start(consent);
      return consent;
    },

    /** An operator's way of ending the run, once it waits for its deadline. */
    async terminate(consent: StartableConsent): Promise<void> {
      const handle = world.handle(consent);
      const waits = async () =>
        (await handle.fetchHistory()).events?.some((event) => event.timerStartedEventAttributes);
      await world.eventually(async () => (await waits()) ?? false);
      await handle.terminate('by an operator');
    },

    handle: (consent: StartableConsent) => environment.client.workflow.getHandle(consentWorkflowId(consent)),

    /** What a tenant would be told of the consent. */
    async read({ id }: StartableConsent) {
      const consent = await consents.find(tenantId, id);
      if (!consent) throw new Error('the consent is gone');
      return consent;
    },

    accept: (consent: StartableConsent, action: ConsentAction) =>
      consents.accept(tenantId, consent.id, { action, reason: null }, entry(tenantId, `consent.${action}`)),

    /** As the API does it: accepted, then carried out; tells the status afterwards, or `409` with the one that refuses. */
    async act(consent: StartableConsent, action: ConsentAction): Promise<string> {
      const acceptance = await world.accept(consent, action);
      if (acceptance?.kind === 'refused') return `409 ${acceptance.status}`;
      if (acceptance?.kind === 'accepted') await runs.act(consent, acceptance);
      return (await world.read(consent)).status;
    },

    /** Runs `use` as if all of it happened at one instant. */
    async at<T>(instant: Date, use: () => Promise<T>): Promise<T> {
      frozen = instant;
      return use().finally(() => (frozen = null));
    },

    /** Runs `use` with the clock that decides as far ahead as if that much time had passed without any worker. */
    async ahead<T>(ms: number, use: () => Promise<T>): Promise<T> {
      aheadMs = ms;
      return use().finally(() => (aheadMs = 0));
    },

    /** Lets time pass until then. */
    async until(instant: Date): Promise<void> {
      const ms = instant.getTime() - (await environment.currentTimeMs());
      if (ms > 0) await environment.sleep(ms);
    },

    /** Lets time pass until the run is over. */
    end: (consent: StartableConsent) => world.handle(consent).result() as Promise<unknown>,

    /** Every event that was told of the consent, in the order in which it happened. */
    async told(consent: StartableConsent) {
      const found = await Promise.all(
        consentEvents.map((event) => stores.events.find(tenantId, consentEventId(consent.id, event))),
      );
      const events = found.filter((event) => event !== null);
      const order = (event: (typeof events)[number]) => (event.occurredAt ?? event.createdAt).getTime();
      return events.sort((a, b) => order(a) - order(b));
    },

    names: async (consent: StartableConsent) => (await world.told(consent)).map(({ type }) => type),

    async eventually(is: () => Promise<boolean>): Promise<void> {
      for (let tries = 0; !(await is()); tries += 1) {
        if (tries === 400) throw new Error('it never was');
        await sleep(25);
      }
    },

    async close() {
      await environment.teardown();
      await stores.close();
      await stores.drop();
    },
  };
  return world;
}

export type Consents = Awaited<ReturnType<typeof openConsents>>;
