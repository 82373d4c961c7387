import { ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
import {
  ensureRetentionSchedule,
  ensureSweepSchedule,
  retentionScheduleId,
  sweepScheduleId,
} from '../../src/platform/schedule';
import { eventually } from '../support/everhook';
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
    // The Schedule's own workflow takes in what it is told a moment later.
    await eventually(describeSchedule, ({ state }) => state.paused);
    await ensureSweepSchedule(client, taskQueue, minutes(7));
    const hasNewInterval = ({ spec }: ScheduleDescription) => spec.intervals?.[0]?.every === minutes(7);
    const description = await eventually(describeSchedule, hasNewInterval);
    expect(description.spec.intervals).toHaveLength(1);
    expect(description.state).toMatchObject({ paused: true, note: 'by an operator' });
  });

  it('is not told again what it is already, so that an operator who pauses it at that moment is heard', async () => {
    const client = await server.client();
    const before = await describeSchedule();
    await ensureSweepSchedule(client, taskQueue, minutes(7));
    const history = await client.workflow
      .getHandle(`temporal-sys-scheduler:${sweepScheduleId(taskQueue)}`)
      .fetchHistory();
    const signals = (history.events ?? []).flatMap((event) => event.workflowExecutionSignaledEventAttributes ?? []);
    // The pause and the new interval of before.
    expect(signals.map(({ signalName }) => signalName)).toEqual(['patch', 'update']);
    expect((await describeSchedule()).info.lastUpdatedAt).toEqual(before.info.lastUpdatedAt);
  });

  it('that is there holds nobody up: a process that starts hears at once what is left to do, for later', async () => {
    const client = await server.client();
    const later: (() => Promise<void>)[] = [];
    // A Temporal that has just crashed, or was restored: it knows its Schedules, and can't tell what is in them.
    const asking = jest.spyOn(client.schedule, 'getHandle').mockImplementation(() => {
      throw new Error('no worker of Temporal answers');
    });
    await ensureSweepSchedule(client, taskQueue, minutes(8), (update) => void later.push(update));
    asking.mockRestore();
    expect(later).toHaveLength(1);
  });

  it('has one of retention beside it, with an interval of its own', async () => {
    const client = await server.client();
    await ensureRetentionSchedule(client, taskQueue, minutes(11));
    const handle = client.schedule.getHandle(retentionScheduleId(taskQueue));
    const { spec, action } = await handle.describe();
    await handle.delete();
    expect(spec.intervals).toMatchObject([{ every: minutes(11) }]);
    expect(action).toMatchObject({ workflowType: 'retention', workflowId: `retention/${taskQueue}/run`, taskQueue });
  });

  it('is another one for another task queue', () => {
    expect(sweepScheduleId('a')).not.toBe(sweepScheduleId('b'));
  });
});
