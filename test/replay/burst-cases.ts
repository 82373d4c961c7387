import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { nothingCarried, type BurstActivities, type TripReport } from '../../src/domain/burst-run';

/** The reports of its trips, the last one for ever; `told` after the first of them has begun. */
interface BurstCase {
  trips: TripReport[];
  told?: boolean;
}

const trip = (rest: Partial<TripReport> = {}): TripReport => ({
  ...nothingCarried,
  ended: 'empty',
  nextDueMs: null,
  ...rest,
});

export const burstCases: Record<string, BurstCase> = {
  'carried-all': { trips: [trip({ ended: 'time', delivered: 9_000, alone: 3 }), trip({ delivered: 80 })] },
  'waited-for-an-outage': {
    trips: [trip({ together: 200, nextDueMs: 50 }), trip({ together: 200, nextDueMs: 100 }), trip({ failed: 200 })],
  },
  'told-of-more': { trips: [trip({ delivered: 1 }), trip({ delivered: 1 })], told: true },
  'only-busy-workers': { trips: [trip({ ended: 'busy' })] },
};

export async function runBurstCase(
  connection: NativeConnection,
  name: string,
  one: BurstCase,
  dataConverter?: DataConverter,
) {
  const taskQueue = `record-${name}-${Date.now()}`;
  const client = new Client({ connection, dataConverter });
  let trips = 0;
  const workflowId = `recorded/burst/${name}`;
  const activities: BurstActivities = {
    async carryBurst() {
      trips += 1;
      if (one.told && trips === 1) await client.workflow.getHandle(workflowId).signal('more');
      return one.trips[Math.min(trips, one.trips.length) - 1] ?? trip();
    },
  };
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: require.resolve('../../src/workflows'),
    activities,
    dataConverter,
  });
  return worker.runUntil(async () => {
    const handle = await client.workflow.start('burst', { taskQueue, workflowId, args: [{ number: 0 }] });
    await handle.result();
    return handle.fetchHistory();
  });
}
