import { randomUUID } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import type { ConnectionTestActivities, ConnectionTestInput } from '../../src/domain/connection-test-run';
import { createConnectionTests } from '../../src/platform/connection-tests';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { devServer, quietTemporal, testTaskQueue, workflowBundlePath } from '../support/temporal';

quietTemporal();
const server = devServer();
afterAll(() => server.close());

const newInput = (): ConnectionTestInput => ({ tenantId: randomUUID(), webhookId: randomUUID() });
const seen = { statusCode: 204, errorClass: null, durationMs: 12 };

const testsOn = async (taskQueue: string) =>
  createConnectionTests({ client: await server.client(), taskQueue, searchAttributes: true });

/** A worker of one queue while `use` runs. */
async function withWorker<T>(taskQueue: string, activities: ConnectionTestActivities, use: () => Promise<T>) {
  const worker = await Worker.create({
    connection: await server.connection(),
    taskQueue,
    workflowBundle: { codePath: workflowBundlePath() },
    activities,
  });
  return worker.runUntil(use);
}

/** Runs of this webhook, as the Web UI lists them. */
async function runsOf({ tenantId, webhookId }: ConnectionTestInput) {
  const { workflow } = await server.client();
  const query = `WorkflowId STARTS_WITH 'connection-test/${tenantId}/${webhookId}/'`;
  const runs = [];
  for await (const run of workflow.list({ query })) runs.push(run);
  return runs;
}

describe('a connection test', () => {
  it('is made by a worker, each a run of its own, and its result comes back', async () => {
    const taskQueue = testTaskQueue();
    const tests = await testsOn(taskQueue);
    const asked: ConnectionTestInput[] = [];
    const testConnection = async (given: ConnectionTestInput) => {
      asked.push(given);
      return asked.length > 2 ? null : seen;
    };
    const input = newInput();
    await withWorker(taskQueue, { testConnection }, async () => {
      expect(await Promise.all([tests.run(input), tests.run(input)])).toEqual([seen, seen]);
      expect(await tests.run(input)).toBeNull();
    });
    expect(asked).toEqual([input, input, input]);
  });

  it('is repeated while we are in trouble ourselves', async () => {
    const taskQueue = testTaskQueue();
    let calls = 0;
    const testConnection = async () => {
      calls += 1;
      if (calls < 3) throw new Error('no database');
      return seen;
    };
    const tests = await testsOn(taskQueue);
    expect(await withWorker(taskQueue, { testConnection }, () => tests.run(newInput()))).toEqual(seen);
    expect(calls).toBe(3);
  });

  it('is given up after ten seconds without a worker, and is not made by one that comes later', async () => {
    const taskQueue = testTaskQueue();
    const tests = await testsOn(taskQueue);
    const input = newInput();
    const began = Date.now();
    await expect(tests.run(input)).rejects.toThrow(TemporalUnavailable);
    expect(Date.now() - began).toBeGreaterThan(9_000);
    expect(Date.now() - began).toBeLessThan(13_000);

    let calls = 0;
    const testConnection = async () => {
      calls += 1;
      return seen;
    };
    await withWorker(taskQueue, { testConnection }, async () => {
      while ((await runsOf(input))[0]?.status.name !== 'TIMED_OUT') await new Promise((tick) => setTimeout(tick, 100));
      expect(await tests.run(newInput())).toEqual(seen);
    });
    expect(calls).toBe(1);
  });

  it('is given up when a worker has had trouble all the time', async () => {
    const taskQueue = testTaskQueue();
    const testConnection = () => Promise.reject(new Error('no database'));
    const tests = await testsOn(taskQueue);
    await withWorker(taskQueue, { testConnection }, () =>
      expect(tests.run(newInput())).rejects.toThrow(TemporalUnavailable),
    );
  });

  it('says no more than ids and classes in its history', async () => {
    const taskQueue = testTaskQueue();
    const tests = await testsOn(taskQueue);
    const input = newInput();
    await withWorker(taskQueue, { testConnection: async () => seen }, () => tests.run(input));
    const run = await eventuallyOne(input);
    const history = await (await server.client()).workflow.getHandle(run.workflowId).fetchHistory();
    const payloads = (history.events ?? []).flatMap((event) => [
      ...(event.workflowExecutionStartedEventAttributes?.input?.payloads ?? []),
      ...(event.activityTaskCompletedEventAttributes?.result?.payloads ?? []),
    ]);
    expect(payloads.map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as object)).toEqual([input, seen]);
  });
});

async function eventuallyOne(input: ConnectionTestInput) {
  for (;;) {
    const [run] = await runsOf(input);
    if (run) return run;
    await new Promise((tick) => setTimeout(tick, 50));
  }
}
