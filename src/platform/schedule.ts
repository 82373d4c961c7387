import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { sweepWorkflowType } from '../domain/sweep-run';

/** One sweeper a task queue: several installations may share a namespace. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

/** Makes the sweeper's Schedule, or brings an older one up to date. Safe for many processes at once. */
export async function ensureSweepSchedule(client: Client, taskQueue: string, everyMs: number): Promise<void> {
  const spec = { intervals: [{ every: everyMs }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
  const action = {
    type: 'startWorkflow',
    workflowType: sweepWorkflowType,
    workflowId: `sweep/${taskQueue}/run`,
    taskQueue,
    args: [],
    staticSummary: 'starts deliveries that wait in the outbox, tells consents what they missed',
  } as const;
  const scheduleId = sweepScheduleId(taskQueue);
  try {
    await client.schedule.create({ scheduleId, spec, policies, action });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ spec, policies, action, state }));
  }
}
