import { heartbeat } from '@temporalio/activity';
import type { StartableDelivery } from '../domain/delivery-run';
import type { SweepActivities, SweepResult } from '../domain/sweep-run';
import type { DeliveryRuns } from '../platform/delivery-runs';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import { classifyStoreError } from '../store/database';
import type { DeliveryStore } from '../store/deliveries';

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

export function createSweepActivities(dependencies: {
  deliveries: DeliveryStore;
  runs: DeliveryRuns;
  metrics: EngineMetrics;
  log: Logger;
}): SweepActivities {
  const { deliveries, runs, metrics, log } = dependencies;

  async function startAll(claimed: StartableDelivery[]): Promise<void> {
    for (let from = 0; from < claimed.length; from += parallel) {
      const some = claimed.slice(from, from + parallel);
      await Promise.all(some.map((delivery) => runs.start(delivery)));
      await deliveries.markStarted(some);
      heartbeat();
    }
  }

  /** A pending delivery without an open run would wait for ever: Temporal's data was lost, or an operator ended it. */
  async function mend(delivery: StartableDelivery): Promise<keyof SweepResult | null> {
    const state = await runs.state(delivery);
    heartbeat();
    if (state === 'running') return null;
    if (state === 'stopped_by_operator') {
      if (!(await deliveries.settleCancelled(delivery.tenantId, delivery.deliveryId))) return null;
      metrics.deliveryEnded(delivery.contract, 'cancelled');
      return 'cancelled';
    }
    log.warn({ deliveryId: delivery.deliveryId, state }, 'a pending delivery had no run; it begins again');
    await runs.start(delivery, { again: true });
    return 'restarted';
  }

  async function sweep(): Promise<SweepResult> {
    const result: SweepResult = { started: 0, restarted: 0, cancelled: 0 };
    metrics.outboxDepth(await deliveries.countUnstarted());
    for (;;) {
      const claimed = await deliveries.claimUnstarted(batch, leaseMs);
      await startAll(claimed);
      result.started += claimed.length;
      if (claimed.length < batch) break;
    }
    for (const delivery of await deliveries.claimOverdue(overdueBatch, overdueMs, lookAgainMs)) {
      const done = await mend(delivery);
      if (done) result[done] += 1;
    }
    if (result.started + result.restarted + result.cancelled > 0) log.info({ ...result }, 'sweep');
    return result;
  }

  return {
    sweepDeliveries: () =>
      sweep().catch((error: unknown) => {
        throw classifyStoreError(error);
      }),
  };
}
