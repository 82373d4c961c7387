import type { NativeConnection } from '@temporalio/worker';
import { awsTaskQueue } from '../domain/credential-run';

/** temporal.api.enums.v1.TaskQueueType */
const workflowTasks = 1;
const activityTasks = 2;

/**
 * A poll ends after a minute at most and the next one follows at once. The server goes on listing who polled in the last
 * five minutes, those that are gone too.
 */
const freshMs = 75_000;

/**
 * Whether somebody polls for all that an operation on AWS needs: its workflow, the activities beside it, and those that
 * call AWS. Throws when the server does not tell.
 */
export async function doWorkersPoll(
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  { namespace, taskQueue }: { namespace: string; taskQueue: string },
): Promise<boolean> {
  const isPolled = async (name: string, taskQueueType: typeof workflowTasks | typeof activityTasks) => {
    const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType });
    return pollers.some((poller) => isFresh(poller, Date.now()));
  };
  const polled = await Promise.all([
    isPolled(taskQueue, workflowTasks),
    isPolled(taskQueue, activityTasks),
    isPolled(awsTaskQueue(taskQueue), activityTasks),
  ]);
  return polled.every(Boolean);
}

/** How many workflow tasks wait for a worker, as the server estimates; 0 where it does not tell. */
export async function workflowBacklog(
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  { namespace, taskQueue }: { namespace: string; taskQueue: string },
): Promise<number> {
  const { stats } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: workflowTasks,
    reportStats: true,
  });
  return Number(String(stats?.approximateBacklogCount ?? 0));
}

/** @param now milliseconds since the epoch */
export function isFresh({ lastAccessTime }: Poller, now: number): boolean {
  return Number(String(lastAccessTime?.seconds ?? 0)) * 1000 >= now - freshMs;
}

/** What the server lists; its seconds are a 64-bit number. */
interface Poller {
  lastAccessTime?: { seconds?: { toString(): string } | null } | null;
}
