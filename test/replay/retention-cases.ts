import { ApplicationFailure, Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { ExpiredPartition, RetentionActivities } from '../../src/domain/retention-run';

const partition = (table: 'events' | 'deliveries'): ExpiredPartition => ({
  table,
  name: `${table}_20260101`,
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-01-04T00:00:00.000Z',
  rows: 12,
});

/** What activities come to; an error is one that no retry helps. */
export const retentionCases: Record<string, Partial<{ [Name in keyof RetentionActivities]: Error }>> = {
  removed: {},
  'dropping-troubled': { dropPartitions: ApplicationFailure.nonRetryable('canceling statement due to lock timeout') },
};

/** Runs one case to its end and gives its history. */
export async function runRetentionCase(
  connection: NativeConnection,
  name: string,
  errors: (typeof retentionCases)[string],
  dataConverter?: DataConverter,
) {
  const taskQueue = `record-retention-${name}-${Date.now()}`;
  const answer = <Result>(activity: keyof RetentionActivities, result: Result) => {
    const error = errors[activity];
    return () => (error ? Promise.reject(error) : Promise.resolve(result));
  };
  const activities: RetentionActivities = {
    makePartitions: answer('makePartitions', { made: ['events_20260201'], caught: 0 }),
    removePayloads: answer('removePayloads', { payloads: 3, responseBodies: 4 }),
    dropPartitions: answer('dropPartitions', {
      dropped: [partition('deliveries')],
      waiting: [partition('events')],
      strays: 0,
    }),
    removeEventKeys: answer('removeEventKeys', { eventKeys: 5 }),
  };
  const workflowsPath = require.resolve('../../src/workflows');
  const worker = await Worker.create({ connection, taskQueue, workflowsPath, activities, dataConverter });
  const { workflow } = new Client({ connection, dataConverter });
  return worker.runUntil(async () => {
    const handle = await workflow.start('retention', { taskQueue, workflowId: `recorded/${name}`, args: [] });
    await handle.result().catch(() => {});
    return handle.fetchHistory();
  });
}
