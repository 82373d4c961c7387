import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { awsTaskQueue } from '../domain/credential-run';
import { awsSweepWorkflowType, sweepWorkflowType, type AwsSweepInput } from '../domain/sweep-run';

/** One sweeper a task queue: several installations may share a namespace. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

export function awsSweepScheduleId(taskQueue: string): string {
  return `aws-sweep/${taskQueue}`;
}

/** Makes the sweeper's Schedule, or brings an older one up to date. Safe for many processes at once. */
export function ensureSweepSchedule(client: Client, taskQueue: string, everyMs: number): Promise<void> {
  return ensureSchedule(client, sweepScheduleId(taskQueue), everyMs, {
    workflowType: sweepWorkflowType,
    workflowId: `sweep/${taskQueue}/run`,
    taskQueue,
    args: [],
    staticSummary: 'starts deliveries that wait in the outbox, tells consents and credentials what they missed',
  });
}

/** The same for the sweep through AWS. */
export function ensureAwsSweepSchedule(client: Client, taskQueue: string, everyMs: number): Promise<void> {
  return ensureSchedule(client, awsSweepScheduleId(taskQueue), everyMs, {
    workflowType: awsSweepWorkflowType,
    workflowId: `aws-sweep/${taskQueue}/run`,
    taskQueue,
    args: [{ awsTaskQueue: awsTaskQueue(taskQueue) } satisfies AwsSweepInput],
    staticSummary: 'removes keys and app clients that no credential has',
  });
}

async function ensureSchedule(
  client: Client,
  scheduleId: string,
  everyMs: number,
  run: { workflowType: string; workflowId: string; taskQueue: string; args: unknown[]; staticSummary: string },
): Promise<void> {
  const spec = { intervals: [{ every: everyMs }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
  const action = { type: 'startWorkflow', ...run } as const;
  try {
    await client.schedule.create({ scheduleId, spec, policies, action });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ spec, policies, action, state }));
  }
}
