import { randomUUID } from 'node:crypto';
import { CancelledFailure } from '@temporalio/activity';
import { ServiceError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createSweepActivities } from '../../src/activities/sweep';
import { deliveryWorkflowId, type StartableDelivery } from '../../src/domain/delivery-run';
import type { DeliverySweepResult } from '../../src/domain/sweep-run';
import { createDeliveryRuns, type DeliveryRuns } from '../../src/platform/delivery-runs';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createTemporalClient, TemporalUnavailable } from '../../src/platform/temporal';
import { createDatabase, StoreUnavailable } from '../../src/store/database';
import { createDeliveryStore } from '../../src/store/deliveries';
import { newEvent, openStoresOn, openTestStores, type TestStores } from '../store/stores';
import { closedPort } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

quietTemporal();
const server = devServer();
const taskQueue = testTaskQueue();
const registry = new Registry();
const metrics = createEngineMetrics(registry);
let stores: TestStores;
let runs: DeliveryRuns;
/** Numbers of the bursts that were called. */
const called: number[] = [];
/** Deliveries that a sweep made and left to the starter. */
const enqueued: StartableDelivery[] = [];
let tenantId: string;

beforeAll(async () => {
  stores = await openTestStores();
  tenantId = await stores.tenant();
  await stores.webhook(tenantId);
  runs = createDeliveryRuns({ client: await server.client(), taskQueue, searchAttributes: true });
});

afterAll(async () => {
  await server.close();
  await stores.close();
  await stores.drop();
});

beforeEach(async () => {
  await stores.database('deliveries').delete();
});

const quietActivity = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

function sweep(
  rest: Partial<Parameters<typeof createSweepActivities>[0]> = {},
  activity = quietActivity(),
): Promise<DeliverySweepResult> {
  const log = pino({ level: 'silent' });
  const activities = createSweepActivities({
    deliveries: stores.deliveries,
    failureReports: stores.failureReports,
    burstQueue: stores.burstQueue,
    bursts: { call: async (number) => void called.push(number) },
    burstsOn: true,
    runs,
    starter: { enqueue: async (deliveries) => void enqueued.push(...deliveries) },
    metrics,
    log,
    ...rest,
  });
  return activity.run(activities.sweepDeliveries);
}

async function publish(count: number): Promise<StartableDelivery[]> {
  const events = Array.from({ length: count }, () => newEvent());
  return (await stores.events.publish(tenantId, events)).toStart;
}

const timePasses = (ms: number) =>
  stores.database('deliveries').update({
    claimed_until: stores.database.raw(`claimed_until - ? * interval '1 ms'`, [ms]),
    due_at: stores.database.raw(`due_at - ? * interval '1 ms'`, [ms]),
  });
const runOf = async (delivery: StartableDelivery) =>
  (await server.client()).workflow.getHandle(deliveryWorkflowId(delivery)).describe();
const stored = ({ deliveryId }: StartableDelivery) => stores.deliveries.find(tenantId, deliveryId);

describe('a sweep', () => {
  it('starts what was stored and never started, and says how many', async () => {
    const published = await publish(45);
    expect(await sweep()).toEqual({ started: 0, restarted: 0, cancelled: 0, told: 0 });
    await timePasses(5_000);
    expect(await sweep()).toEqual({ started: 45, restarted: 0, cancelled: 0, told: 0 });
    for (const delivery of published) {
      expect((await runOf(delivery)).status.name).toBe('RUNNING');
      expect((await stored(delivery))?.startedAt).toBeInstanceOf(Date);
    }
    await timePasses(60_000);
    expect(await sweep()).toEqual({ started: 0, restarted: 0, cancelled: 0, told: 0 });
  });

  it('tells how deep the outbox was', async () => {
    await publish(3);
    await timePasses(5_000);
    await sweep();
    expect(await registry.metrics()).toContain('everhook_outbox_depth 3');
  });

  it('shares the work with another one that runs at the same time', async () => {
    const published = await publish(30);
    await timePasses(5_000);
    const results = await Promise.all([sweep(), sweep()]);
    expect(results.reduce((sum, { started }) => sum + started, 0)).toBe(30);
    const runIds = await Promise.all(published.map(async (delivery) => (await runOf(delivery)).runId));
    expect(new Set(runIds).size).toBe(30);
  });

  it('leaves alone a run that its publisher started and could not mark', async () => {
    const [delivery] = await publish(1);
    if (!delivery) throw new Error('none');
    await runs.start(delivery);
    const { runId } = await runOf(delivery);
    await timePasses(5_000);
    expect(await sweep()).toMatchObject({ started: 1 });
    expect((await runOf(delivery)).runId).toBe(runId);
  });

  it('starts the others when one of them is refused, and tries that one again later', async () => {
    const published = await publish(25);
    const poison = published[0];
    if (!poison) throw new Error('none');
    const picky: DeliveryRuns = {
      ...runs,
      start: (delivery, options) =>
        delivery.deliveryId === poison.deliveryId
          ? Promise.reject(new ServiceError('INVALID_ARGUMENT'))
          : runs.start(delivery, options),
    };
    await timePasses(5_000);
    expect(await sweep({ runs: picky })).toMatchObject({ started: 24 });
    expect((await stored(poison))?.startedAt).toBeNull();
    await timePasses(30_000);
    expect(await sweep()).toMatchObject({ started: 1 });
  });

  it('fails while Temporal is away, and what it had claimed is free again after a while', async () => {
    const [delivery] = await publish(1);
    if (!delivery) throw new Error('none');
    await timePasses(5_000);
    const connection = await NativeConnection.connect({ address: server.address });
    const client = createTemporalClient(connection, 'default');
    const away = createDeliveryRuns({ client, taskQueue, searchAttributes: true });
    await connection.close();
    await expect(sweep({ runs: away })).rejects.toThrow(TemporalUnavailable);
    expect((await stored(delivery))?.startedAt).toBeNull();
    expect(await sweep()).toMatchObject({ started: 0 });
    await timePasses(30_000);
    expect(await sweep()).toMatchObject({ started: 1 });
  });

  it('fails as an outage while PostgreSQL is away', async () => {
    const dead = createDatabase(`postgres://u:p@127.0.0.1:${await closedPort()}/db`);
    await expect(sweep({ deliveries: createDeliveryStore(dead) })).rejects.toThrow(StoreUnavailable);
    await dead.destroy();
  });
});

describe('deliveries that failed for good', () => {
  /** A tenant of its own for each test. */
  let owner: string;
  let webhookIds: string[];

  beforeEach(async () => {
    enqueued.length = 0;
    owner = await stores.tenant();
    await stores.webhook(owner, { events: ['delivery.failed'] });
    const targets = [await stores.webhook(owner), await stores.webhook(owner), await stores.webhook(owner)];
    webhookIds = targets.map(({ id }) => id);
    await stores.database('failed_deliveries').insert(
      webhookIds.map((id) => ({
        tenant_id: owner,
        webhook_id: id,
        delivery_id: randomUUID(),
        event_id: 'e',
        event_type: 'everhook.test',
        error_class: 'timeout',
        failed_at: new Date(),
      })),
    );
  });

  const toldOf = async () => {
    const events = stores.database('events').where({ tenant_id: owner, type: 'delivery.failed' });
    const payloads = (await events.select<{ payload: string }[]>('payload')).map(({ payload }) => payload);
    return webhookIds.filter((id) => payloads.some((payload) => payload.includes(id)));
  };

  it('are told by deliveries that travel together in a crowd, and have no run of their own then', async () => {
    const crowded = openStoresOn(stores.url, { together: () => true });
    const { failureReports } = crowded;
    const swept = await sweep({ failureReports }).finally(() => crowded.close());
    expect(swept).toEqual({ started: 0, restarted: 0, cancelled: 0, told: 3 });
    expect(enqueued.map(({ together }) => together)).toEqual([true, true, true]);
  });

  it('are each told once although a sweep is cancelled between two of them', async () => {
    const activity = quietActivity();
    activity.once('heartbeat', () => activity.cancel());
    await expect(sweep({}, activity)).rejects.toThrow(CancelledFailure);
    expect(await toldOf()).toHaveLength(1);
    expect(await sweep()).toMatchObject({ told: 2 });
    expect(await toldOf()).toEqual(webhookIds);
    expect(enqueued).toHaveLength(3);
  });

  it('are told although those of another webhook can not be', async () => {
    const { failureReports } = stores;
    const picky: typeof failureReports = {
      ...failureReports,
      tell: (webhook) =>
        webhook.webhookId === webhookIds[0] ? Promise.reject(new Error('a bug')) : failureReports.tell(webhook),
    };
    expect(await sweep({ failureReports: picky })).toMatchObject({ told: 2 });
    expect(await sweep()).toMatchObject({ told: 1 });
  });
});

describe('a delivery that is overdue by more than ten minutes', () => {
  const overdue = 11 * 60_000;

  it('is left alone while its run is open, and looked at again only after ten more', async () => {
    const published = await publish(2);
    await Promise.all(published.map((delivery) => runs.start(delivery)));
    await stores.deliveries.markStarted(published);
    await timePasses(overdue);
    let looks = 0;
    const counting: DeliveryRuns = { ...runs, state: (delivery) => ((looks += 1), runs.state(delivery)) };
    expect(await sweep({ runs: counting })).toEqual({ started: 0, restarted: 0, cancelled: 0, told: 0 });
    expect(looks).toBe(2);
    await sweep({ runs: counting });
    expect(looks).toBe(2);
  });

  it('begins again when Temporal knows nothing of it', async () => {
    const [delivery] = await publish(1);
    if (!delivery) throw new Error('none');
    await stores.deliveries.markStarted([delivery]);
    await timePasses(overdue);
    expect(await sweep()).toEqual({ started: 0, restarted: 1, cancelled: 0, told: 0 });
    expect((await runOf(delivery)).status.name).toBe('RUNNING');
  });

  it('is cancelled when an operator has terminated its run', async () => {
    const [delivery] = await publish(1);
    if (!delivery) throw new Error('none');
    await runs.start(delivery);
    await stores.deliveries.markStarted([delivery]);
    await (await server.client()).workflow.getHandle(deliveryWorkflowId(delivery)).terminate('by an operator');
    await timePasses(overdue);
    expect(await sweep()).toEqual({ started: 0, restarted: 0, cancelled: 1, told: 0 });
    expect((await stored(delivery))?.status).toBe('cancelled');
    expect((await runOf(delivery)).status.name).toBe('TERMINATED');
    expect(await registry.metrics()).toContain('{contract="everhook",status="cancelled"} 1');
  });
});
