import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  attemptMarginMs,
  deliveryUpdates,
  heartbeatEveryMs,
  longestLocalAttemptMs,
  type AttemptReport,
  type AttemptRequest,
  type DeliveryActivities,
  type DeliveryRunInput,
} from '../domain/delivery-run';

export const retryNow = defineUpdate<void>(deliveryUpdates.retryNow);
export const cancel = defineUpdate<void>(deliveryUpdates.cancel);
export const attemptsSoFar = defineQuery<number>('attemptsSoFar');

const deliveryStatus = defineSearchAttributeKey('DeliveryStatus', SearchAttributeType.KEYWORD);

const ours = { initialInterval: '1 s', maximumInterval: '30 s' } as const;
const settling = proxyActivities<DeliveryActivities>({ startToCloseTimeout: '10 s', retry: ours });

/** As the Web UI shows it; a failed delivery is a Failed run instead. */
export interface DeliveryResult {
  status: 'delivered' | 'cancelled';
  attempts: number;
}

/**
 * One delivery, from its first attempt to its end. What a receiver did is a value; an exception is our own
 * trouble (database away, worker killed), which Temporal repeats until it passes without counting an attempt.
 */
export async function delivery(input: DeliveryRunInput): Promise<DeliveryResult> {
  const { tenantId, deliveryId, retrySchedule } = input;
  const attempts = retrySchedule.length + 1;
  let number = 0;
  let postponed = 0;
  let hurried = false;
  let cancelled = false;
  setHandler(attemptsSoFar, () => number);
  setHandler(retryNow, () => void (hurried = true));
  setHandler(cancel, () => void (cancelled = true));

  try {
    for (;;) {
      number += 1;
      const wait = retrySchedule[number - 1];
      hurried = false;
      const request = { tenantId, deliveryId, number, nextWaitMs: wait ?? null };
      const { outcome } = await attempt(input, postponed === 0 ? request : { ...request, postponed });

      if (outcome.kind === 'postponed') {
        setCurrentDetails(`Attempt ${number} of ${attempts} waits until fewer attempts at its webhook are under way.`);
        const summary = `attempt ${number} of ${attempts} waits for others of its webhook`;
        number -= 1;
        postponed += 1;
        await condition(() => hurried || cancelled, outcome.ms, { summary });
        if (cancelled) return await stop();
        continue;
      }
      postponed = 0;
      if (outcome.kind === 'delivered') {
        say('delivered');
        return { status: 'delivered', attempts: number };
      }
      if (outcome.kind === 'cancelled') return cancelledNow();
      if (wait === undefined) {
        say('failed');
        throw ApplicationFailure.create({
          message: `gave up after ${number} attempts; the last one: ${describe(outcome)}`,
          type: outcome.errorClass,
          nonRetryable: true,
          category: 'BENIGN',
        });
      }
      if (number === 1) say('retrying');
      const patience = Math.max(wait, outcome.retryAfterMs ?? 0);
      setCurrentDetails(
        `Attempt ${number} of ${attempts} ended in **${describe(outcome)}**. The next one comes ${patience / 1000} s later.`,
      );
      const summary = `before attempt ${number + 1} of ${attempts}`;
      await condition(() => hurried || cancelled, patience, { summary });
      if (cancelled) return await stop();
    }
  } catch (error) {
    // An operator asked for cancellation in the Web UI.
    if (isCancellation(error)) return CancellationScope.nonCancellable(stop);
    throw error;
  }

  async function stop() {
    await settling.settleCancelled({ tenantId, deliveryId });
    return cancelledNow();
  }

  function cancelledNow() {
    say('cancelled');
    return { status: 'cancelled' as const, attempts: number };
  }

  /** For an operator's list; it begins with `pending`. */
  function say(value: 'retrying' | 'delivered' | 'failed' | 'cancelled') {
    if (input.searchAttributes) upsertSearchAttributes([{ key: deliveryStatus, value }]);
  }
}

/** One attempt, and its record should PostgreSQL have been away when it ended. */
async function attempt(input: DeliveryRunInput, request: AttemptRequest): Promise<AttemptReport> {
  const report = await makeAttempt(input, request);
  if (report.unrecorded) {
    const retryAfterMs = report.outcome.kind === 'refused' ? report.outcome.retryAfterMs : undefined;
    await settling.recordAttempt(request, report.unrecorded, retryAfterMs);
  }
  return report;
}

/**
 * The first attempt runs inside the workflow task: half the cost, and most deliveries need no other. If it
 * throws it becomes a normal activity, because local retries would grow the history for as long as an outage lasts.
 */
async function makeAttempt(input: DeliveryRunInput, request: AttemptRequest): Promise<AttemptReport> {
  const startToCloseTimeout = input.maxAttemptMs + attemptMarginMs;
  if (request.number === 1 && input.maxAttemptMs <= longestLocalAttemptMs) {
    const local = proxyLocalActivities<DeliveryActivities>({ startToCloseTimeout, retry: { maximumAttempts: 1 } });
    try {
      return await local.attemptDelivery(request);
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
  }
  const remote = proxyActivities<DeliveryActivities>({
    startToCloseTimeout,
    // A worker that died in a long attempt is noticed before the whole attempt's time is over.
    ...(input.maxAttemptMs > longestLocalAttemptMs && { heartbeatTimeout: 3 * heartbeatEveryMs }),
    retry: ours,
    // Behind first attempts; who waits already can wait a little longer.
    ...(request.number > 1 && { priority: { priorityKey: 4 } }),
    summary: `attempt ${request.number} of ${input.retrySchedule.length + 1}`,
  });
  return remote.attemptDelivery(request);
}

function describe(outcome: { errorClass: string; statusCode: number | null }): string {
  return outcome.statusCode === null ? outcome.errorClass : `${outcome.errorClass} ${outcome.statusCode}`;
}
