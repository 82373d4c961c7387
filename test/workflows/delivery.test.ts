import { randomUUID } from 'node:crypto';
import type { ApplicationFailure } from '@temporalio/client';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { AttemptOutcome, AttemptRecord } from '../../src/domain/delivery';
import type {
  AttemptReport,
  AttemptRequest,
  DeliveryActivities,
  DeliveryRunInput,
} from '../../src/domain/delivery-run';
import { retrySchedule } from '../../src/domain/retry-schedule';
import { searchAttributeKeys } from '../../src/platform/temporal';
import { quietTemporal, testTaskQueue, timeSkippingEnvironment, workflowBundlePath } from '../support/temporal';

const refused: AttemptOutcome = { kind: 'refused', errorClass: 'http_status', statusCode: 503 };
const delivered: AttemptOutcome = { kind: 'delivered' };
const base = retrySchedule(2_000, 3);

/** What the scripted receiver saw, in the server's (skipped) time. */
interface Seen extends AttemptRequest {
  at: number;
}

describe('a delivery', () => {
  let environment: TestWorkflowEnvironment;

  beforeAll(async () => {
    quietTemporal();
    environment = await timeSkippingEnvironment();
  });

  afterAll(async () => {
    await environment.teardown();
  });

  interface Script {
    input?: Partial<DeliveryRunInput>;
    /** The answer to each attempt; the last one repeats. An error is our own trouble. */
    answers: (AttemptOutcome | AttemptReport | Error)[];
    /** Acts on the run while it is open, told of each attempt before its answer. */
    onAttempt?(handle: WorkflowHandle, number: number): Promise<void>;
    /** Acts on the run once it waits for its first retry. */
    whileWaiting?(handle: WorkflowHandle): Promise<void>;
  }

  /** Runs one delivery against scripted attempts and tells what happened. */
  async function run(script: Script) {
    const attempts: Seen[] = [];
    const settled: string[] = [];
    const recorded: { number: number; record: AttemptRecord; retryAfterMs: number | undefined }[] = [];
    const workflowId = `delivery/${randomUUID()}`;
    let calls = 0;
    const activities: DeliveryActivities = {
      async attemptDelivery(request) {
        const answer = script.answers[Math.min(calls, script.answers.length - 1)];
        calls += 1;
        if (answer instanceof Error) throw answer;
        attempts.push({ ...request, at: await environment.currentTimeMs() });
        await script.onAttempt?.(environment.client.workflow.getHandle(workflowId), request.number);
        if (!answer) throw new Error('no answer is scripted');
        return 'outcome' in answer ? answer : { outcome: answer };
      },
      recordAttempt: async (request, record, retryAfterMs) => {
        recorded.push({ number: request.number, record, retryAfterMs });
      },
      settleCancelled: async ({ deliveryId }) => {
        settled.push(deliveryId);
      },
    };
    const taskQueue = testTaskQueue();
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowBundle: { codePath: workflowBundlePath() },
      activities,
    });
    const input: DeliveryRunInput = {
      tenantId: 'tenant',
      deliveryId: 'delivery-1',
      retrySchedule: base,
      maxAttemptMs: 3_000,
      searchAttributes: true,
      ...script.input,
    };
    return worker.runUntil(async () => {
      const handle = await environment.client.workflow.start('delivery', { taskQueue, workflowId, args: [input] });
      if (script.whileWaiting) {
        while (attempts.length === 0) await handle.describe();
        await handle.query<number>('attemptsSoFar');
        await script.whileWaiting(handle);
      }
      const result = await handle.result().catch((error: unknown) => error);
      const description = await handle.describe();
      const waits = attempts.slice(1).map((seen, index) => seen.at - (attempts[index]?.at ?? 0));
      return { result, attempts, waits, settled, recorded, calls, handle, description };
    });
  }

  const statusOf = (description: { typedSearchAttributes: { get(key: never): unknown } }) =>
    description.typedSearchAttributes.get(searchAttributeKeys.DeliveryStatus as never);

  it('is over after one attempt when the receiver takes it', async () => {
    const { result, attempts, description } = await run({ answers: [delivered] });
    expect(result).toEqual({ status: 'delivered', attempts: 1 });
    expect(attempts.map((seen) => [seen.number, seen.nextWaitMs])).toEqual([[1, 2_000]]);
    expect(description.status.name).toBe('COMPLETED');
    expect(statusOf(description)).toBe('delivered');
  });

  it('waits as long as a postponed attempt is told to, and then makes the same attempt', async () => {
    const postponed: AttemptOutcome = { kind: 'postponed', ms: 90_000 };
    const { result, attempts, waits } = await run({ answers: [postponed, postponed, refused, postponed, delivered] });
    expect(attempts.map((seen) => [seen.number, seen.postponed])).toEqual([
      [1, undefined],
      [1, 1],
      [1, 2],
      [2, undefined],
      [2, 1],
    ]);
    [90_000, 90_000, 2_000, 90_000].forEach((wait, index) => {
      expect(Math.abs((waits[index] ?? 0) - wait)).toBeLessThan(1_000);
    });
    expect(result).toEqual({ status: 'delivered', attempts: 2 });
  });

  it('can be hurried and cancelled while its attempt is postponed', async () => {
    const postponed: AttemptOutcome = { kind: 'postponed', ms: 60_000 };
    const hurried = await run({
      answers: [postponed, delivered],
      whileWaiting: (handle) => handle.executeUpdate('retryNow'),
    });
    expect(hurried.result).toEqual({ status: 'delivered', attempts: 1 });
    const cancelled = await run({
      answers: [postponed],
      whileWaiting: (handle) => handle.executeUpdate('cancel'),
    });
    expect(cancelled.result).toEqual({ status: 'cancelled', attempts: 0 });
    expect(cancelled.settled).toEqual(['delivery-1']);
  });

  it('tries again after 2, 4 and 8 seconds, then fails with the class of its last error', async () => {
    const { result, attempts, waits, description } = await run({ answers: [refused] });
    expect(attempts.map((seen) => [seen.number, seen.nextWaitMs])).toEqual([
      [1, 2_000],
      [2, 4_000],
      [3, 8_000],
      [4, null],
    ]);
    waits.forEach((wait, index) => expect(Math.abs(wait - (base[index] ?? 0))).toBeLessThan(1_000));
    expect(result).toBeInstanceOf(WorkflowFailedError);
    expect((result as WorkflowFailedError).cause).toMatchObject({
      type: 'http_status',
      message: 'gave up after 4 attempts; the last one: http_status 503',
    } satisfies Partial<ApplicationFailure>);
    expect(description.status.name).toBe('FAILED');
    expect(statusOf(description)).toBe('failed');
  });

  it('makes exactly one attempt when it may not retry', async () => {
    const { attempts, description } = await run({ answers: [refused], input: { retrySchedule: [] } });
    expect(attempts.map((seen) => seen.nextWaitMs)).toEqual([null]);
    expect(description.status.name).toBe('FAILED');
  });

  it('stops retrying once the receiver has recovered', async () => {
    const { result, attempts, description } = await run({ answers: [refused, refused, delivered] });
    expect(result).toEqual({ status: 'delivered', attempts: 3 });
    expect(attempts).toHaveLength(3);
    expect(statusOf(description)).toBe('delivered');
  });

  it('waits as long as Retry-After asks when that is longer than its own schedule, without a further attempt', async () => {
    const patient: AttemptOutcome = { ...refused, kind: 'refused', retryAfterMs: 45_000 } as AttemptOutcome;
    const { attempts, waits } = await run({ answers: [patient, refused] });
    expect(attempts).toHaveLength(4);
    expect(waits[0]).toBeGreaterThanOrEqual(45_000);
    expect(waits[1]).toBeLessThan(5_000);
  });

  it('never waits less than its schedule, whatever Retry-After says', async () => {
    const eager: AttemptOutcome = { ...refused, kind: 'refused', retryAfterMs: 1 } as AttemptOutcome;
    const { waits } = await run({ answers: [eager, delivered] });
    expect(waits[0]).toBeGreaterThanOrEqual(2_000);
  });

  it('ends as cancelled when the webhook is disabled or deleted meanwhile', async () => {
    const { result, attempts, settled, description } = await run({
      answers: [refused, { kind: 'cancelled', reason: 'the webhook is disabled or deleted' }],
    });
    expect(result).toEqual({ status: 'cancelled', attempts: 2 });
    expect(attempts).toHaveLength(2);
    expect(settled).toEqual([]);
    expect(description.status.name).toBe('COMPLETED');
    expect(statusOf(description)).toBe('cancelled');
  });

  it('makes its next attempt at once when told to retry now', async () => {
    const { waits, result } = await run({
      answers: [refused, delivered],
      input: { retrySchedule: [3_600_000] },
      whileWaiting: (handle) => handle.executeUpdate('retryNow'),
    });
    expect(result).toEqual({ status: 'delivered', attempts: 2 });
    expect(waits[0]).toBeLessThan(60_000);
  });

  it('does not wait when told to retry now during an attempt', async () => {
    const { waits } = await run({
      answers: [refused, delivered],
      input: { retrySchedule: [3_600_000, 3_600_000], maxAttemptMs: 10_000 },
      onAttempt: async (handle, number) => {
        if (number === 1) await handle.executeUpdate('retryNow');
      },
    });
    expect(waits[0]).toBeLessThan(60_000);
  });

  it('ends as cancelled when told to while it waits', async () => {
    const { result, attempts, settled } = await run({
      answers: [refused],
      whileWaiting: async (handle) => {
        while (statusOf(await handle.describe()) !== 'retrying');
        await handle.executeUpdate('cancel');
      },
    });
    expect(result).toEqual({ status: 'cancelled', attempts: 1 });
    expect(attempts).toHaveLength(1);
    expect(settled).toEqual(['delivery-1']);
  });

  it('stays delivered when it is cancelled during the attempt that succeeds', async () => {
    const { result, settled } = await run({
      answers: [delivered],
      input: { maxAttemptMs: 10_000 },
      onAttempt: (handle) => handle.executeUpdate('cancel'),
    });
    expect(result).toEqual({ status: 'delivered', attempts: 1 });
    expect(settled).toEqual([]);
  });

  it("ends as cancelled in our database too when an operator cancels the run in Temporal's Web UI", async () => {
    const { settled, description } = await run({
      answers: [refused],
      whileWaiting: async (handle) => void (await handle.cancel()),
    });
    expect(settled).toEqual(['delivery-1']);
    expect(description.status.name).toBe('COMPLETED');
    expect(statusOf(description)).toBe('cancelled');
  });

  it('counts no attempt for trouble of our own, however often it happens', async () => {
    const trouble = new Error('the database is unavailable');
    const { attempts, calls, result } = await run({ answers: [...Array<Error>(12).fill(trouble), delivered] });
    expect(calls).toBe(13);
    expect(attempts.map((seen) => seen.number)).toEqual([1]);
    expect(result).toEqual({ status: 'delivered', attempts: 1 });
  });

  it('does not let its history grow with an outage of ours', async () => {
    const trouble = new Error('the database is unavailable');
    const { handle } = await run({ answers: [...Array<Error>(40).fill(trouble), delivered] });
    const { events } = await handle.fetchHistory();
    expect(events?.length).toBeLessThan(20);
  });

  it('has an attempt recorded later, once, when it was sent but PostgreSQL was away', async () => {
    const record: AttemptRecord = {
      number: 1,
      startedAt: '2026-01-15T09:30:00.000Z',
      durationMs: 20,
      statusCode: 200,
      errorClass: null,
      responseBody: 'ok',
    };
    const { recorded, attempts, result } = await run({ answers: [{ outcome: delivered, unrecorded: record }] });
    expect(recorded).toEqual([{ number: 1, record, retryAfterMs: undefined }]);
    expect(attempts).toHaveLength(1);
    expect(result).toEqual({ status: 'delivered', attempts: 1 });
  });

  it('runs its first attempt inside the workflow task and the others as activities that the Web UI shows', async () => {
    const { handle } = await run({ answers: [refused, delivered] });
    const { events } = await handle.fetchHistory();
    const scheduled = events?.filter((event) => event.activityTaskScheduledEventAttributes) ?? [];
    expect(events?.some((event) => event.markerRecordedEventAttributes)).toBe(true);
    expect(scheduled).toHaveLength(1);
  });

  it('uses normal activities throughout where an attempt may take longer than 5 seconds', async () => {
    const { handle } = await run({ answers: [delivered], input: { maxAttemptMs: 60_000 } });
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.markerRecordedEventAttributes)).toBe(false);
    expect(events?.some((event) => event.activityTaskScheduledEventAttributes)).toBe(true);
  });
});
