import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { checkSchedules, observeSchedules } from '../../../src/cli/demo/schedule-checks';
import { ensureAwsSweepSchedule, ensureRetentionSchedule, ensureSweepSchedule } from '../../../src/platform/schedule';
import { awsTaskQueue } from '../../../src/domain/credential-run';
import { devServer, quietTemporal, testTaskQueue, workflowBundlePath } from '../../support/temporal';

const server = devServer();
const hourMs = 3_600_000;
let client: Client;

beforeAll(async () => {
  quietTemporal();
  client = await server.client();
});
afterAll(() => server.close());

/** As a start of Everhook makes them, though nothing comes of it by itself for an hour. */
async function schedules(): Promise<string> {
  const taskQueue = testTaskQueue();
  await ensureSweepSchedule(client, taskQueue, hourMs);
  await ensureAwsSweepSchedule(client, taskQueue, hourMs);
  await ensureRetentionSchedule(client, taskQueue, hourMs);
  return taskQueue;
}

const name = 'sweeps and retention, which Schedules begin, were completed';

it('a run of each Schedule that a worker completes is as it must be', async () => {
  const taskQueue = await schedules();
  const connection = await server.connection();
  const nothing = () => Promise.resolve({});
  const activities = {
    ...{ sweepDeliveries: nothing, sweepConsents: nothing, sweepCredentials: nothing },
    ...{ makePartitions: nothing, removePayloads: nothing, dropPartitions: nothing, removeEventKeys: nothing },
  };
  const worker = await Worker.create({
    ...{ connection, taskQueue, activities },
    workflowBundle: { codePath: workflowBundlePath() },
  });
  const awsWorker = await Worker.create({
    ...{ connection, taskQueue: awsTaskQueue(taskQueue), activities: { sweepAws: nothing } },
  });
  const observed = await worker.runUntil(() =>
    awsWorker.runUntil(() => observeSchedules(client, { taskQueue, withinMs: 60_000 })),
  );
  expect(checkSchedules(observed)).toEqual([{ name, ok: true }]);
}, 90_000);

it('runs that workers can not go on with, as all sweeps once, are noticed and why', async () => {
  const taskQueue = await schedules();
  const { workflowService } = await server.connection();
  let observed = false;
  // What a worker says whose workflow code throws, of every run.
  const failTasks = async () => {
    while (!observed) {
      const at = { namespace: 'default', identity: 'a test' };
      const { taskToken } = await workflowService.pollWorkflowTaskQueue({ ...at, taskQueue: { name: taskQueue } });
      if (taskToken.length > 0)
        await workflowService.respondWorkflowTaskFailed({ ...at, taskToken, failure: { message: 'versions?' } });
    }
  };
  // The last poll ends with the connection.
  void failTasks().catch(() => {});
  const [result] = checkSchedules(await observeSchedules(client, { taskQueue, withinMs: 60_000 }));
  observed = true;
  expect(result).toMatchObject({ name, ok: false });
  for (const schedule of ['sweep', 'aws-sweep', 'retention'])
    expect(result?.problem).toContain(`a worker could not go on with the run of ${schedule}/${taskQueue}: versions?`);
}, 90_000);

test.each([
  [null, 'the run of sweep/x is not there'],
  ['RUNNING', 'the run of sweep/x is RUNNING'],
  ['FAILED', 'the run of sweep/x is FAILED'],
])('a run that is %s is not as it must be', (status, problem) => {
  expect(checkSchedules([{ scheduleId: 'sweep/x', status, taskFailure: null }])).toEqual([
    { name, ok: false, problem },
  ]);
});
