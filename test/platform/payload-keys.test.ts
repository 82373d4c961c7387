import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { createDataConverter } from '../../src/platform/data-converter';
import type { AttemptRequest } from '../../src/domain/delivery-run';
import { codecOf, newEncryptionKey } from '../support/codec';
import { eventually } from '../support/everhook';
import { devServer, quietTemporal, testTaskQueue, workflowBundlePath } from '../support/temporal';

quietTemporal();
const server = devServer();
afterAll(() => server.close());

const [old, current] = [newEncryptionKey('2025'), newEncryptionKey('2026')];
const input = {
  tenantId: 'tenant',
  deliveryId: 'delivery-1',
  retrySchedule: [1, 1],
  maxAttemptMs: 3_000,
  searchAttributes: false,
};

/** A process with these `ENCRYPTION_KEYS`: a client, and a worker whose receiver refuses until the third attempt. */
async function processWith(encryptionKeys: string, taskQueue: string) {
  const dataConverter = createDataConverter(codecOf(encryptionKeys));
  const connection = await server.connection();
  const attempts: AttemptRequest[] = [];
  const worker = await Worker.create({
    connection,
    taskQueue,
    dataConverter,
    workflowBundle: { codePath: workflowBundlePath() },
    // The next process does not wait for this one's cache.
    stickyQueueScheduleToStartTimeout: '500ms',
    activities: {
      async attemptDelivery(request: AttemptRequest) {
        attempts.push(request);
        if (request.number === 3) return { outcome: { kind: 'delivered' } };
        // The first attempt throws in the workflow task, so that a failure is in the history too.
        if (attempts.length === 1) throw ApplicationFailure.retryable('the database is away');
        return { outcome: { kind: 'refused', errorClass: 'http_status', statusCode: 503 } };
      },
    },
  });
  return { worker, attempts, workflow: new Client({ connection, dataConverter }).workflow };
}

describe('keys of payloads', () => {
  it('are rotated under runs: one that began under the old key ends under the new one', async () => {
    const taskQueue = testTaskQueue();
    const before = await processWith(old, taskQueue);
    const handle = await before.workflow.start('delivery', {
      taskQueue,
      workflowId: `rotated/${taskQueue}`,
      workflowTaskTimeout: '1s',
      args: [{ ...input, retrySchedule: [1, 3_600_000] }],
    });
    await before.worker.runUntil(
      eventually(
        async () => before.attempts.at(-1)?.number,
        (number) => number === 2,
      ),
    );
    const after = await processWith(`${current},${old}`, taskQueue);
    const continued = after.workflow.getHandle(handle.workflowId);
    await after.worker.runUntil(async () => {
      await continued.executeUpdate('retryNow');
      expect(await continued.result()).toEqual({ status: 'delivered', attempts: 3 });
    });
    // The result is under the new key.
    await expect(handle.result()).rejects.toThrow('2026');
  }, 60_000);

  it('that are dropped too early fail tasks and name themselves; nothing is lost, and with them back it goes on', async () => {
    const taskQueue = testTaskQueue();
    const starter = new Client({
      connection: await server.connection(),
      dataConverter: createDataConverter(codecOf(old)),
    });
    const handle = await starter.workflow.start('delivery', {
      taskQueue,
      workflowId: `dropped/${taskQueue}`,
      // A failed task is tried again once its time is over.
      workflowTaskTimeout: '1s',
      args: [input],
    });
    const without = await processWith(current, taskQueue);
    const failures = async () =>
      ((await handle.fetchHistory()).events ?? []).flatMap((event) => event.workflowTaskFailedEventAttributes ?? []);
    const [failure] = await without.worker.runUntil(eventually(failures, ({ length }) => length > 0));
    // Readable without a key.
    expect(failure?.failure?.message).toBe('no encryption key 2025 in ENCRYPTION_KEYS');
    expect(without.attempts).toEqual([]);
    expect((await handle.describe()).status.name).toBe('RUNNING');

    const { worker, workflow } = await processWith(`${current},${old}`, taskQueue);
    const result = await worker.runUntil(workflow.getHandle(handle.workflowId).result());
    expect(result).toEqual({ status: 'delivered', attempts: 3 });
  }, 60_000);
});
