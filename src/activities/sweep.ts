import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { StartableDelivery } from '../domain/delivery-run';
import type { DeliverySweepResult, SweepActivities } from '../domain/sweep-run';
import type { BurstRuns } from '../platform/burst-runs';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import { TemporalUnavailable } from '../platform/temporal';
import type { BurstQueueStore } from '../store/burst-queue';
import { classifyStoreError, StoreUnavailable } from '../store/database';
import type { DeliveryStore } from '../store/deliveries';
import type { FailureReportStore, UntoldWebhook } from '../store/failure-reports';

const batch = 200;
/** Starts at once within a batch. */
const parallel = 20;
/** Nobody else gets a claimed batch for this long; after a crash it is free again. */
const leaseMs = 30_000;
/** An attempt this late has probably lost its run; its timer and its worker are looked at. */
const overdueMs = 10 * 60_000;
/** How long a looked-at delivery is left alone: workers may merely be down for long. */
const lookAgainMs = 10 * 60_000;
const overdueBatch = 100;
/** Webhooks whose failures one sweep tells of at most; each is a transaction. */
const mostTold = 500;

export function createSweepActivities(dependencies: {
  deliveries: DeliveryStore;
  failureReports: FailureReportStore;
  runs: DeliveryRuns;
  /** For deliveries that the sweep itself makes: they may travel together. */
  starter: Pick<DeliveryStarter, 'enqueue'>;
  burstQueue: BurstQueueStore;
  bursts: BurstRuns;
  burstsOn: boolean;
  metrics: EngineMetrics;
  log: Logger;
}): Pick<SweepActivities, 'sweepDeliveries'> {
  const { deliveries, failureReports, runs, starter, burstQueue, bursts, burstsOn, metrics, log } = dependencies;

  /** Tells how many were started. One that can't be started does not keep the others from it; an outage ends it all. */
  async function startAll(claimed: StartableDelivery[]): Promise<number> {
    let count = 0;
    for (let from = 0; from < claimed.length; from += parallel) {
      const some = claimed.slice(from, from + parallel);
      const failures = new Map<StartableDelivery, unknown>();
      const start = (delivery: StartableDelivery) =>
        runs.start(delivery).catch((error: unknown) => void failures.set(delivery, error));
      await Promise.all(some.map(start));
      const started = some.filter((delivery) => !failures.has(delivery));
      if (started.length > 0) await deliveries.markStarted(started);
      count += started.length;
      for (const [delivery, error] of failures) passOver(delivery, error);
      beat();
    }
    return count;
  }

  function passOver({ deliveryId }: StartableDelivery, error: unknown): void {
    if (error instanceof TemporalUnavailable) throw error;
    log.error({ err: error, deliveryId }, 'a delivery could not be started; the next sweep tries again');
  }

  /** A pending delivery without an open run would wait for ever: Temporal's data was lost, or an operator ended it. */
  async function mend(delivery: StartableDelivery): Promise<keyof DeliverySweepResult | null> {
    const state = await runs.state(delivery);
    beat();
    if (state === 'running') return null;
    if (state === 'stopped_by_operator') {
      if (!(await deliveries.settleCancelled(delivery.tenantId, delivery.deliveryId))) return null;
      metrics.deliveryEnded(delivery.contract, 'cancelled');
      return 'cancelled';
    }
    log.warn({ deliveryId: delivery.deliveryId, state }, 'a pending delivery had no run; it begins again');
    try {
      await runs.start(delivery, { again: true });
      return 'restarted';
    } catch (error) {
      passOver(delivery, error);
      return null;
    }
  }

  /** Tells whether it was told: all or nothing, so that what a sweep that ends here leaves is the next one's. */
  async function tell(webhook: UntoldWebhook): Promise<boolean> {
    try {
      const toStart = await failureReports.tell(webhook);
      if (toStart === null) return false;
      await starter.enqueue(toStart);
      return true;
    } catch (error) {
      if (classifyStoreError(error) instanceof StoreUnavailable) throw error;
      log.error({ err: error, ...webhook }, 'deliveries that failed could not be told of; the next sweep tries again');
      return false;
    }
  }

  async function sweep(): Promise<DeliverySweepResult> {
    const result: DeliverySweepResult = { started: 0, restarted: 0, cancelled: 0, told: 0 };
    const due = await burstQueue.countDue();
    metrics.burstQueueDue(due);
    metrics.webhooksFailing(await failureReports.countFailing());
    metrics.outboxDepth((await deliveries.countUnstarted()) + due);
    if (burstsOn && due > 0) await bursts.call(0);
    while (!burstsOn && (await burstQueue.disband(batch)) > 0) beat();
    for (;;) {
      const claimed = await deliveries.claimUnstarted(batch, leaseMs);
      result.started += await startAll(claimed);
      if (claimed.length < batch) break;
    }
    for (const delivery of await deliveries.claimOverdue(overdueBatch, overdueMs, lookAgainMs)) {
      const done = await mend(delivery);
      if (done) result[done] += 1;
    }
    for (const webhook of await failureReports.untold(mostTold)) {
      if (await tell(webhook)) result.told += 1;
      beat();
    }
    if (result.started + result.restarted + result.cancelled + result.told > 0) log.info({ ...result }, 'sweep');
    return result;
  }

  return {
    sweepDeliveries: () =>
      sweep().catch((error: unknown) => {
        throw classifyStoreError(error);
      }),
  };
}

/** Says that the sweep goes on; ends it where it is not to: it has been given to another worker, or this one stops. */
function beat(): void {
  heartbeat();
  cancellationSignal().throwIfAborted();
}
