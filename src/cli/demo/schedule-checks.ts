import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { awsSweepScheduleId, retentionScheduleId, sweepScheduleId } from '../../platform/schedule';
import { check, type Check } from './checks';

/** The run that a Schedule began last. */
export interface ScheduledRun {
  scheduleId: string;
  /** As Temporal names it: `COMPLETED`, `RUNNING`, …; null: the Schedule began none. */
  status: string | null;
  /** Why a worker could not go on with it; null: none said so. Such a run is tried again for ever. */
  taskFailure: string | null;
}

const pollMs = 100;

/**
 * Waits up to `withinMs` until each Schedule of the task queue has begun a run and that has ended, or can't. A Schedule that
 * has begun none yet begins one now: all of them may be run at any time.
 */
export async function observeSchedules(
  client: Client,
  { taskQueue, withinMs }: { taskQueue: string; withinMs: number },
): Promise<ScheduledRun[]> {
  const deadline = Date.now() + withinMs;
  const ids = [sweepScheduleId(taskQueue), awsSweepScheduleId(taskQueue), retentionScheduleId(taskQueue)];
  return Promise.all(ids.map((scheduleId) => observe(client, scheduleId, deadline)));
}

async function observe(client: Client, scheduleId: string, deadline: number): Promise<ScheduledRun> {
  const schedule = client.schedule.getHandle(scheduleId);
  const newest = async () => (await schedule.describe()).info.recentActions.at(-1)?.action.workflow;
  let begun = await newest();
  if (!begun) await schedule.trigger();
  while (!begun && Date.now() < deadline) {
    await sleep(pollMs);
    begun = await newest();
  }
  if (!begun) return { scheduleId, status: null, taskFailure: null };
  const run = client.workflow.getHandle(begun.workflowId, begun.firstExecutionRunId);
  for (;;) {
    const { status } = await run.describe();
    const taskFailure = taskFailureIn(await run.fetchHistory());
    const goesOn = status.name === 'RUNNING' && taskFailure === null;
    if (!goesOn || Date.now() > deadline) return { scheduleId, status: status.name, taskFailure };
    await sleep(pollMs);
  }
}

function taskFailureIn({ events }: Awaited<ReturnType<WorkflowHandle['fetchHistory']>>): string | null {
  const failed = events?.find((event) => event.workflowTaskFailedEventAttributes)?.workflowTaskFailedEventAttributes;
  return failed ? (failed.failure?.message ?? 'it did not say why') : null;
}

/** What must hold of them at the end of `demo --once`. */
export function checkSchedules(runs: readonly ScheduledRun[]): Check[] {
  const problemOf = ({ scheduleId, status, taskFailure }: ScheduledRun): string | null => {
    if (taskFailure !== null) return `a worker could not go on with the run of ${scheduleId}: ${taskFailure}`;
    return status === 'COMPLETED' ? null : `the run of ${scheduleId} is ${status ?? 'not there'}`;
  };
  const problems = runs.map(problemOf).filter((problem) => problem !== null);
  return [check('sweeps and retention, which Schedules begin, were completed', problems)];
}
