import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createRetentionActivities } from '../../src/activities/retention';
import type { RetentionActivities, RetentionPeriods } from '../../src/domain/retention-run';
import { createEngineMetrics } from '../../src/platform/metrics';
import { createAuditReader } from '../../src/store/audit-reader';
import { createDatabase, StoreUnavailable } from '../../src/store/database';
import { createRetentionStore } from '../../src/store/retention';
import { deliveredAttempt, only, openTestStores, type TestStores } from '../store/stores';
import { at, dayMs, daysFromNow } from '../support/clock';
import { closedPort } from '../support/receivers';
import { quietTemporal } from '../support/temporal';

quietTemporal();
const registry = new Registry();
const metrics = createEngineMetrics(registry);
const log = pino({ level: 'silent' });
let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const periods: RetentionPeriods = {
  retentionMs: 20 * dayMs,
  auditMs: 90 * dayMs,
  dedupeMs: 30 * dayMs,
  payloadMs: dayMs,
};

function run<Result>(
  activity: (activities: RetentionActivities) => () => Promise<Result>,
  rest: Partial<Parameters<typeof createRetentionActivities>[0]> = {},
): Promise<Result> {
  const retention = createRetentionStore(stores.database);
  const activities = createRetentionActivities({ retention, periods, audit: stores.audit, metrics, log, ...rest });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(activity(activities));
}
const counted = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values ?? [];

it('removes each after its own time, and tells of it in metrics and the audit log', async () => {
  const tenantId = await stores.tenant();
  await stores.webhook(tenantId);
  const [first, second] = [
    only((await stores.publish(tenantId)).toStart),
    only((await stores.publish(tenantId)).toStart),
  ];
  await stores.deliveries.recordAttempt(first, deliveredAttempt, { status: 'delivered', dueAt: null });
  const waiting = () => counted('everhook_partitions_waiting');

  const { made } = await run((activities) => activities.makePartitions);
  expect(made).toHaveLength(4 * 4);
  await at(daysFromNow(3), async () => {
    expect(await run((a) => a.removePayloads)).toEqual({ payloads: 1, responseBodies: 1 });
    expect(await run((a) => a.removePayloads, { periods: { ...periods, payloadMs: null } })).toEqual({
      payloads: 0,
      responseBodies: 0,
    });
    expect(await run((a) => a.dropPartitions)).toEqual({ dropped: [], waiting: [], strays: 0 });
  });
  await at(daysFromNow(22), async () => {
    expect((await run((a) => a.dropPartitions)).waiting).toHaveLength(3);
    expect((await waiting())[0]?.value).toBe(3);
    await stores.deliveries.settleCancelled(tenantId, second.deliveryId);
    const { dropped } = await run((a) => a.dropPartitions);
    expect(dropped.map(({ table }) => table)).toEqual(['attempts', 'deliveries', 'events']);
    expect((await waiting())[0]?.value).toBe(0);
    expect(await run((a) => a.removeEventKeys)).toEqual({ eventKeys: 0 });
  });
  await at(daysFromNow(32), async () => expect(await run((a) => a.removeEventKeys)).toEqual({ eventKeys: 2 }));

  const entries = await createAuditReader(stores.database).latest({ action: 'retention.drop' }, 10);
  expect(entries.map(({ actor, tenantId: of, objectId }) => [actor, of, objectId])).toEqual(
    ['attempts_first', 'deliveries_first', 'events_first'].map((name) => ['worker', null, name]),
  );
  const removed = (await counted('everhook_retention_removed_total')).map(({ labels, value }) => [labels.kind, value]);
  expect(Object.fromEntries(removed)).toEqual({ partition: 3, payload: 1, response_body: 1, event_key: 2 });
});

it('is told of an outage as of one, so that Temporal tries again', async () => {
  const away = createDatabase(`postgres://u:p@127.0.0.1:${await closedPort()}/db`);
  const retention = createRetentionStore(away);
  for (const activity of ['makePartitions', 'dropPartitions', 'removePayloads', 'removeEventKeys'] as const) {
    await expect(run<unknown>((a) => a[activity], { retention })).rejects.toThrow(StoreUnavailable);
  }
  await away.destroy();
});
