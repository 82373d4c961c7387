import type { DeliveryStats } from '../../api-types';
import { Figure } from '../../components/facts';
import { percent } from '../../outcomes';
import { duration } from '../../time';

export function StatsFigures({ stats: { totals, successRate, timeToDeliveryMs, attempts } }: { stats: DeliveryStats }) {
  const all = totals.delivered + totals.failed + totals.pending + totals.cancelled;
  const { p50, p95 } = timeToDeliveryMs;
  const tone = successRate === null ? undefined : successRate >= 0.99 ? 'good' : successRate >= 0.9 ? 'waiting' : 'bad';
  return (
    <div class="figures">
      <Figure
        label="Success rate"
        value={percent(successRate)}
        note={`${totals.delivered.toLocaleString()} of ${(totals.delivered + totals.failed).toLocaleString()} that ended`}
        {...(tone && { tone })}
      />
      <Figure
        label="Time to delivery, p95"
        value={p95 === null ? '–' : duration(p95)}
        note={p50 === null ? 'from published to taken' : `half within ${duration(p50)}`}
      />
      <Figure
        label="Failed"
        value={<a href="/console/deliveries?status=failed">{totals.failed.toLocaleString()}</a>}
        note="no attempt is left"
        {...(totals.failed > 0 && { tone: 'bad' as const })}
      />
      <Figure
        label="Pending"
        value={<a href="/console/deliveries?status=pending">{totals.pending.toLocaleString()}</a>}
        note="on their way, or waiting for a retry"
        {...(totals.pending > 0 && { tone: 'waiting' as const })}
      />
      <Figure
        label="Deliveries"
        value={all.toLocaleString()}
        note={`${attempts.toLocaleString()} attempts${all > 0 ? `, ${(attempts / all).toFixed(2)} each` : ''}`}
      />
    </div>
  );
}
