import { ScheduleOverlapPolicy } from '@temporalio/client';
import { ensureSweepSchedule, sweepScheduleId } from '../../src/platform/schedule';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';

quietTemporal();
const server = devServer();
const taskQueue = testTaskQueue();

afterAll(async () => {
  await (await server.client()).schedule.getHandle(sweepScheduleId(taskQueue)).delete();
  await server.close();
});

const describeSchedule = async () => (await server.client()).schedule.getHandle(sweepScheduleId(taskQueue)).describe();
const minutes = (count: number) => count * 60_000;

describe("the sweeper's Schedule", () => {
  it('is made once by several processes that begin together', async () => {
    const client = await server.client();
    await Promise.all([1, 2, 3].map(() => ensureSweepSchedule(client, taskQueue, minutes(5))));
    const description = await describeSchedule();
    expect(description.spec.intervals).toMatchObject([{ every: minutes(5) }]);
    expect(description.policies.overlap).toBe(ScheduleOverlapPolicy.SKIP);
    expect(description.action).toMatchObject({
      type: 'startWorkflow',
      workflowType: 'sweep',
      taskQueue,
    });
  });

  it('takes a new interval, and stays paused when an operator has paused it', async () => {
    const client = await server.client();
    await ensureSweepSchedule(client, taskQueue, minutes(5));
    await client.schedule.getHandle(sweepScheduleId(taskQueue)).pause('by an operator');
    // Its own workflow takes it in a moment later.
    while (!(await describeSchedule()).state.paused);
    await ensureSweepSchedule(client, taskQueue, minutes(7));
    const description = await describeSchedule();
    expect(description.spec.intervals).toMatchObject([{ every: minutes(7) }]);
    expect(description.state).toMatchObject({ paused: true, note: 'by an operator' });
  });

  it('is another one for another task queue', () => {
    expect(sweepScheduleId('a')).not.toBe(sweepScheduleId('b'));
  });
});
