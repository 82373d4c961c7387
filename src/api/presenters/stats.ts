import type { DeliveryOutcomes, DeliveryTrend } from '../../store/delivery-trend';
import type { Failing } from '../../store/failing-webhooks';
import type { ShownFailing, ShownTrend } from '../schemas/stats';

export function presentTrend(
  { buckets, total }: DeliveryTrend,
  { from, to, step }: { from: Date; to: Date; step: ShownTrend['step'] },
): ShownTrend {
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    step,
    total: presentOutcomes(total),
    buckets: buckets.map((bucket) => ({ from: bucket.from.toISOString(), ...presentOutcomes(bucket) })),
  };
}

function presentOutcomes({ deliveries, attempts, timeToDeliveryMs }: DeliveryOutcomes) {
  const ended = deliveries.delivered + deliveries.failed;
  return {
    deliveries,
    successRate: ended === 0 ? null : deliveries.delivered / ended,
    attempts,
    timeToDeliveryMs,
  };
}

export function presentFailing({ webhooks, pending }: Failing, since: Date): ShownFailing {
  return {
    since: since.toISOString(),
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      failingSince: webhook.failingSince?.toISOString() ?? null,
      last: webhook.last && { ...webhook.last, at: webhook.last.at.toISOString() },
    })),
    pending: { count: pending.count, oldestAt: pending.oldestAt?.toISOString() ?? null },
  };
}
