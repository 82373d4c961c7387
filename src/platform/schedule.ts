import { isDeepStrictEqual } from 'node:util';
import {
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';
import { awsTaskQueue } from '../domain/credential-run';
import { retentionWorkflowType } from '../domain/retention-run';
import { awsSweepWorkflowType, sweepWorkflowType, type AwsSweepInput } from '../domain/sweep-run';

/** One sweeper a task queue: several installations may share a namespace. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

export function awsSweepScheduleId(taskQueue: string): string {
  return `aws-sweep/${taskQueue}`;
}

/**
 * Takes what brings a Schedule that is there already up to date. Whether it is, Temporal tells only with the help of workers of
 * its own, which after a crash or a restore do not answer for a minute or more.
 */
export type Defer = (update: () => Promise<void>) => void;

/**
 * Makes the sweeper's Schedule, or brings an older one up to date. Safe for many processes at once.
 * @param defer given, it gets the latter to do in its own time, and nobody waits for it here
 */
export function ensureSweepSchedule(client: Client, taskQueue: string, everyMs: number, defer?: Defer): Promise<void> {
  return ensureSchedule(client, defer, {
    scheduleId: sweepScheduleId(taskQueue),
    everyMs,
    run: {
      workflowType: sweepWorkflowType,
      workflowId: `sweep/${taskQueue}/run`,
      taskQueue,
      args: [],
      staticSummary: 'starts deliveries that wait in the outbox, tells consents and credentials what they missed',
    },
  });
}

/** The same for the sweep through AWS. */
export function ensureAwsSweepSchedule(
  client: Client,
  taskQueue: string,
  everyMs: number,
  defer?: Defer,
): Promise<void> {
  return ensureSchedule(client, defer, {
    scheduleId: awsSweepScheduleId(taskQueue),
    everyMs,
    run: {
      workflowType: awsSweepWorkflowType,
      workflowId: `aws-sweep/${taskQueue}/run`,
      taskQueue,
      args: [{ awsTaskQueue: awsTaskQueue(taskQueue) } satisfies AwsSweepInput],
      staticSummary: 'removes keys and app clients that no credential has',
    },
  });
}

export function retentionScheduleId(taskQueue: string): string {
  return `retention/${taskQueue}`;
}

/** The same for the removal of what is old. */
export function ensureRetentionSchedule(
  client: Client,
  taskQueue: string,
  everyMs: number,
  defer?: Defer,
): Promise<void> {
  return ensureSchedule(client, defer, {
    scheduleId: retentionScheduleId(taskQueue),
    everyMs,
    run: {
      workflowType: retentionWorkflowType,
      workflowId: `retention/${taskQueue}/run`,
      taskQueue,
      args: [],
      staticSummary: 'makes partitions ahead, drops what is older than RETENTION',
    },
  });
}

/** What is ours of a Schedule; whether it is paused is an operator's. */
interface OwnedSchedule {
  scheduleId: string;
  everyMs: number;
  run: { workflowType: string; workflowId: string; taskQueue: string; args: unknown[]; staticSummary: string };
}

const catchupWindowMs = 60_000;

async function ensureSchedule(client: Client, defer: Defer | undefined, owned: OwnedSchedule): Promise<void> {
  const { scheduleId, everyMs, run } = owned;
  const spec = { intervals: [{ every: everyMs }] };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchupWindowMs };
  const action = { type: 'startWorkflow', ...run } as const;
  try {
    await client.schedule.create({ scheduleId, spec, policies, action });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const bringUpToDate = async () => {
      const schedule = client.schedule.getHandle(scheduleId);
      // An update replaces everything: one that is taken in together with an operator's pause undoes it.
      if (isUpToDate(await schedule.describe(), owned)) return;
      await schedule.update(({ state }) => ({ spec, policies, action, state }));
    };
    if (defer) defer(bringUpToDate);
    else await bringUpToDate();
  }
}

function isUpToDate({ spec, policies, action }: ScheduleDescription, { everyMs, run }: OwnedSchedule): boolean {
  const { workflowType, workflowId, taskQueue, args, staticSummary } = action;
  return (
    isDeepStrictEqual({ workflowType, workflowId, taskQueue, args, staticSummary }, run) &&
    spec.intervals?.length === 1 &&
    spec.intervals[0]?.every === everyMs &&
    policies.overlap === ScheduleOverlapPolicy.SKIP &&
    policies.catchupWindow === catchupWindowMs
  );
}
