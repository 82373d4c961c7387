import { Worker } from '@temporalio/worker';
import { deliveryWorkflowId, type DeliveryActivities, type StartableDelivery } from '../../src/domain/delivery-run';
import { createDeliveryRuns, type DeliveryRuns } from '../../src/platform/delivery-runs';
import { createTemporalClient, TemporalUnavailable } from '../../src/platform/temporal';
import { NativeConnection } from '@temporalio/worker';
import { startProxy } from '../activities/proxy';
import { devServer, quietTemporal, testTaskQueue, workflowBundlePath } from '../support/temporal';
import { startableDelivery } from './deliveries';

quietTemporal();
const server = devServer();
afterAll(() => server.close());

async function runsOn(taskQueue: string): Promise<DeliveryRuns> {
  return createDeliveryRuns({ client: await server.client(), taskQueue, searchAttributes: true });
}

const handleOf = async (delivery: StartableDelivery) =>
  (await server.client()).workflow.getHandle(deliveryWorkflowId(delivery));

/** How many runs of this id there have been. */
async function countRuns(delivery: StartableDelivery): Promise<number> {
  const { workflow } = await server.client();
  const query = `WorkflowId = '${deliveryWorkflowId(delivery)}'`;
  return (await workflow.count(query)).count;
}

/** A worker of one queue whose first attempt is refused and whose further ones succeed, while `use` runs. */
async function withWorker<T>(
  taskQueue: string,
  use: (attempted: Promise<void>) => Promise<T>,
  first: 'refused' | 'delivered' = 'refused',
) {
  let tell = () => {};
  const attempted = new Promise<void>((resolve) => (tell = resolve));
  const activities: DeliveryActivities = {
    attemptDelivery: async ({ number }) => {
      tell();
      if (number > 1 || first === 'delivered') return { outcome: { kind: 'delivered' } };
      return { outcome: { kind: 'refused', errorClass: 'http_status', statusCode: 503 } };
    },
    recordAttempt: async () => {},
    settleCancelled: async () => {},
  };
  const worker = await Worker.create({
    connection: await server.connection(),
    taskQueue,
    workflowBundle: { codePath: workflowBundlePath() },
    activities,
  });
  return worker.runUntil(use(attempted));
}

describe('starting', () => {
  it('twice, or many times at once, is one run', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const delivery = startableDelivery();
    await Promise.all(Array.from({ length: 5 }, () => runs.start(delivery)));
    const first = await (await handleOf(delivery)).describe();
    await runs.start(delivery);
    await runs.start(delivery, { again: true });
    expect((await (await handleOf(delivery)).describe()).runId).toBe(first.runId);
    expect(first).toMatchObject({ type: 'delivery', taskQueue, status: { name: 'RUNNING' } });
  });

  it('is fair among tenants, and retries come behind first attempts, where the server supports it', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const delivery = startableDelivery({ retrySchedule: [1] });
    await runs.start(delivery);
    const handle = await handleOf(delivery);
    await withWorker(taskQueue, () => handle.result());
    const { events = [] } = await handle.fetchHistory();
    const started = events?.find((event) => event.workflowExecutionStartedEventAttributes);
    expect(started?.workflowExecutionStartedEventAttributes?.priority).toMatchObject({
      fairnessKey: delivery.tenantId,
    });
    const retry = events?.find((event) => event.activityTaskScheduledEventAttributes);
    expect(retry?.activityTaskScheduledEventAttributes?.priority).toMatchObject({ priorityKey: 4 });
  });

  it('says in the Web UI what it is about', async () => {
    const runs = await runsOn(testTaskQueue());
    const delivery = startableDelivery();
    await runs.start(delivery);
    const description = await (await handleOf(delivery)).describe();
    expect(await description.staticSummary()).toBe(`everhook.test → webhook ${delivery.webhookId}`);
    expect(await description.staticDetails()).toContain('up to 4 attempts');
  });

  it('does not begin a finished run again, unless asked to', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const delivery = startableDelivery();
    await withWorker(
      taskQueue,
      async () => {
        await runs.start(delivery);
        const { runId } = await (await handleOf(delivery)).describe();
        await (await handleOf(delivery)).result();
        await runs.start(delivery);
        expect((await (await handleOf(delivery)).describe()).runId).toBe(runId);
        await runs.start(delivery, { again: true });
        await (await handleOf(delivery)).result();
        expect((await (await handleOf(delivery)).describe()).runId).not.toBe(runId);
      },
      'delivered',
    );
    while ((await countRuns(delivery)) < 2);
    expect(await countRuns(delivery)).toBe(2);
  });

  it('has a run for each redelivery of one event', async () => {
    const runs = await runsOn(testTaskQueue());
    const delivery = startableDelivery();
    for (const redelivery of [0, 1]) await runs.start({ ...delivery, redelivery });
    const described = await Promise.all(
      [0, 1].map(async (redelivery) => (await handleOf({ ...delivery, redelivery })).describe()),
    );
    expect(new Set(described.map(({ runId }) => runId)).size).toBe(2);
  });

  it('is a bug of ours, not an outage, where Temporal refuses the request itself', async () => {
    const runs = await runsOn('x'.repeat(2_000));
    const error: unknown = await runs.start(startableDelivery()).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(TemporalUnavailable);
  });
});

describe('asking a run', () => {
  it('finds none that was never started, or has ended', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const delivery = startableDelivery();
    expect(await runs.ask(delivery, 'cancel')).toBe('not_running');
    await withWorker(
      taskQueue,
      async () => {
        await runs.start(delivery);
        await (await handleOf(delivery)).result();
        expect(await runs.ask(delivery, 'retryNow')).toBe('not_running');
        expect(await runs.ask(delivery, 'cancel')).toBe('not_running');
      },
      'delivered',
    );
  });

  it('for its next attempt now is accepted while it waits', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const delivery = startableDelivery({ retrySchedule: [3_600_000] });
    await withWorker(taskQueue, async (attempted) => {
      await runs.start(delivery);
      await attempted;
      expect(await runs.ask(delivery, 'retryNow')).toBe('accepted');
      expect(await (await handleOf(delivery)).result()).toEqual({ status: 'delivered', attempts: 2 });
    });
  });

  it('to end as cancelled is accepted while it waits', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const delivery = startableDelivery({ retrySchedule: [3_600_000] });
    await withWorker(taskQueue, async () => {
      await runs.start(delivery);
      expect(await runs.ask(delivery, 'cancel')).toBe('accepted');
      expect(await (await handleOf(delivery)).result()).toMatchObject({ status: 'cancelled' });
    });
  });

  it('without any worker says within some five seconds that Temporal is unavailable', async () => {
    const runs = await runsOn(testTaskQueue());
    const delivery = startableDelivery();
    await runs.start(delivery);
    const asked = Date.now();
    await expect(runs.ask(delivery, 'retryNow')).rejects.toThrow(TemporalUnavailable);
    expect(Date.now() - asked).toBeLessThan(8_000);
  });
});

describe('the state of a run', () => {
  it('is unknown, running, stopped by an operator, or ended', async () => {
    const taskQueue = testTaskQueue();
    const runs = await runsOn(taskQueue);
    const [never, open, terminated, ended] = [1, 2, 3, 4].map(() => startableDelivery({ retrySchedule: [] }));
    if (!never || !open || !terminated || !ended) throw new Error('too few');
    expect(await runs.state(never)).toBe('unknown');
    await runs.start(open);
    expect(await runs.state(open)).toBe('running');
    await runs.start(terminated);
    await (await handleOf(terminated)).terminate('by an operator');
    expect(await runs.state(terminated)).toBe('stopped_by_operator');

    await runs.start(ended);
    // With no retry left the refused attempt fails the run.
    await withWorker(taskQueue, async () => (await handleOf(ended)).result().catch(() => {}));
    expect(await runs.state(ended)).toBe('ended');
  });
});

describe('while Temporal is away', () => {
  it('every call says so', async () => {
    const proxy = await startProxy(`tcp://${server.address}`);
    const connection = await NativeConnection.connect({ address: new URL(proxy.url).host });
    const client = createTemporalClient(connection, 'default');
    const runs = createDeliveryRuns({ client, taskQueue: testTaskQueue(), searchAttributes: true });
    const delivery = startableDelivery();
    await runs.start(delivery);
    await proxy.cut();
    await Promise.all([
      expect(runs.start(startableDelivery())).rejects.toThrow(TemporalUnavailable),
      expect(runs.ask(delivery, 'cancel')).rejects.toThrow(TemporalUnavailable),
      expect(runs.state(delivery)).rejects.toThrow(TemporalUnavailable),
    ]);
    await connection.close();
  });
});
