import { burstWorkflowId, nothingCarried, type TripReport } from '../../src/domain/burst-run';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { quietTemporal, testTaskQueue, timeSkippingEnvironment, workflowBundlePath } from '../support/temporal';

const trip = (rest: Partial<TripReport> = {}): TripReport => ({
  ...nothingCarried,
  ended: 'empty',
  nextDueMs: null,
  ...rest,
});

describe('a burst', () => {
  let environment: TestWorkflowEnvironment;

  beforeAll(async () => {
    quietTemporal();
    environment = await timeSkippingEnvironment();
  });

  afterAll(async () => {
    await environment.teardown();
  });

  /** Runs one burst whose trips come to these reports, the last one for ever; tells when each trip began. */
  async function run(
    reports: TripReport[],
    onTrip: (handle: WorkflowHandle, number: number) => Promise<void> = async () => {},
  ) {
    const taskQueue = testTaskQueue();
    const workflowId = burstWorkflowId(taskQueue, 0);
    const at: number[] = [];
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowBundle: { codePath: workflowBundlePath() },
      activities: {
        async carryBurst() {
          at.push(await environment.currentTimeMs());
          await onTrip(environment.client.workflow.getHandle(workflowId), at.length);
          return reports[Math.min(at.length, reports.length) - 1];
        },
      },
    });
    return worker.runUntil(async () => {
      const handle = await environment.client.workflow.start('burst', { taskQueue, workflowId, args: [{ number: 0 }] });
      const result = (await handle.result()) as unknown;
      const waits = at.slice(1).map((time, index) => Math.round((time - (at[index] ?? 0)) / 1_000));
      return { result, trips: at.length, waits };
    });
  }

  it('ends when nothing waits, and tells what it carried', async () => {
    const { result, trips } = await run([
      trip({ ended: 'time', delivered: 150, alone: 2 }),
      trip({ ended: 'time', delivered: 100, failed: 1, together: 3, nextDueMs: 2_000 }),
      trip({ delivered: 3, cancelled: 4 }),
    ]);
    expect(trips).toBe(3);
    expect(result).toEqual({ delivered: 253, failed: 1, cancelled: 4, alone: 2, together: 3 });
  });

  it('waits for what is due later', async () => {
    const { waits } = await run([trip({ nextDueMs: 8_000 }), trip({ nextDueMs: 4_000 }), trip()]);
    expect(waits).toEqual([8, 4]);
  });

  it('looks once a minute when that is far away', async () => {
    const { waits } = await run([trip({ nextDueMs: 3_600_000 }), trip({ nextDueMs: 3_540_000 }), trip()]);
    expect(waits).toEqual([60, 60]);
  });

  it('looks again when it was told of more during a trip that found the end', async () => {
    const { trips } = await run([trip(), trip()], async (handle, number) => {
      if (number === 1) await handle.signal('more');
    });
    expect(trips).toBe(2);
  });

  it('leaves the work to the others when all workers it meets are on trips', async () => {
    const { result, trips, waits } = await run([trip({ ended: 'busy' })]);
    expect(trips).toBe(6);
    expect(waits).toEqual([1, 1, 1, 1, 1]);
    expect(result).toEqual(nothingCarried);
  });
});
