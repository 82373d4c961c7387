import { proxyActivities } from '@temporalio/workflow';
import type { RetentionActivities, RetentionResult } from '../domain/retention-run';

const { makePartitions, dropPartitions, removePayloads, removeEventKeys } = proxyActivities<RetentionActivities>({
  startToCloseTimeout: '3 h',
  heartbeatTimeout: '1 m',
  // Longer than a statement that is in the way; then the schedule comes again by itself.
  retry: { initialInterval: '10 s', maximumInterval: '5 m', maximumAttempts: 5 },
});

/** Started by a Schedule: makes the partitions of the next days, drops those that are over, forgets what is to be forgotten. */
export async function retention(): Promise<RetentionResult> {
  const made = makePartitions();
  // One after the other, and the next also where the one before fails.
  await Promise.allSettled([made]);
  const payloads = removePayloads();
  await Promise.allSettled([payloads]);
  const dropped = dropPartitions();
  await Promise.allSettled([dropped]);
  const eventKeys = await removeEventKeys();
  return { ...(await made), ...(await payloads), ...(await dropped), ...eventKeys };
}
