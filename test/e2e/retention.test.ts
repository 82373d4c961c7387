import { Client } from '@temporalio/client';
import type { RetentionResult } from '../../src/domain/retention-run';
import { createDataConverter } from '../../src/platform/data-converter';
import { retentionScheduleId } from '../../src/platform/schedule';
import { listPartitions } from '../../src/store/partitions';
import { deliveredAttempt, only, openTestStores, type TestStores } from '../store/stores';
import { at, daysFromNow } from '../support/clock';
import { eventually, everhookCodec, startEverhook, type EverhookProcess } from '../support/everhook';
import { devServer, testTaskQueue } from '../support/temporal';

describe('a service that has been running', () => {
  const server = devServer();
  const taskQueue = testTaskQueue();
  let stores: TestStores;
  let everhook: EverhookProcess;

  beforeAll(async () => {
    stores = await openTestStores();
    everhook = await startEverhook('start', {
      databaseUrl: stores.url,
      temporalAddress: server.address,
      taskQueue,
      allow: [],
      settings: { RETENTION: '1d', PAYLOAD_RETENTION: '12h', DEDUPE_RETENTION: '1d' },
    });
  });
  afterAll(async () => {
    await everhook.stop();
    await (await server.client()).schedule.getHandle(retentionScheduleId(taskQueue)).delete();
    await server.close();
    await stores.close();
    await stores.drop();
  });

  it('has partitions ahead, and removes by its Schedule what is old: its run tells what', async () => {
    expect((await listPartitions(stores.database, 'events')).length).toBeGreaterThanOrEqual(8);
    const tenantId = await stores.tenant();
    await stores.webhook(tenantId);
    const old = await at(daysFromNow(-1), async () => only((await stores.publish(tenantId)).toStart));
    await stores.deliveries.recordAttempt(old, deliveredAttempt, { status: 'delivered', dueAt: null });

    const connection = await server.connection();
    const client = new Client({ connection, dataConverter: createDataConverter(everhookCodec()) });
    const schedule = client.schedule.getHandle(retentionScheduleId(taskQueue));
    await schedule.trigger();
    const { info } = await eventually(
      () => schedule.describe(),
      (one) => one.info.recentActions.length > 0,
    );
    const workflow = info.recentActions.at(-1)?.action.workflow;
    const result = (await client.workflow.getHandle(workflow?.workflowId ?? '').result()) as RetentionResult;
    expect(result).toEqual({
      made: [],
      caught: 0,
      payloads: 1,
      responseBodies: 1,
      dropped: [],
      waiting: [],
      strays: 0,
      eventKeys: 0,
    });
    expect(await stores.events.find(tenantId, old.eventId)).toMatchObject({ payload: null });
    const metrics = await (await fetch(`${everhook.operationsUrl}/metrics`)).text();
    expect(metrics).toContain('everhook_retention_removed_total{kind="payload"} 1');
  });
});
