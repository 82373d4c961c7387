import type { Failing, TrendFigures } from '../../api-types';
import { Figure } from '../../components/facts';
import { RelativeTime } from '../../components/time';
import { percent } from '../../outcomes';
import { duration } from '../../time';

interface Props {
  total: TrendFigures;
  /** The backlog of now, whenever it was made. */
  pending: Failing['pending'] | undefined;
}

export function StatsFigures({ total, pending }: Props) {
  const { deliveries, successRate, timeToDeliveryMs, attempts } = total;
  const all = Object.values(deliveries).reduce((sum, count) => sum + count, 0);
  const { p50, p95 } = timeToDeliveryMs;
  const tone = successRate === null ? undefined : successRate >= 0.99 ? 'good' : successRate >= 0.9 ? 'waiting' : 'bad';
  return (
    <div class="figures">
      <Figure
        label="Success rate"
        value={percent(successRate)}
        note={`${deliveries.delivered.toLocaleString()} of ${(deliveries.delivered + deliveries.failed).toLocaleString()} that ended`}
        {...(tone && { tone })}
      />
      <Figure
        label="Time to delivery, p95"
        value={p95 === null ? '–' : duration(p95)}
        note={p50 === null ? 'from published to taken' : `half within ${duration(p50)}`}
      />
      <Figure
        label="Failed"
        value={<a href="/console/deliveries?status=failed">{deliveries.failed.toLocaleString()}</a>}
        note="no attempt is left"
        {...(deliveries.failed > 0 && { tone: 'bad' as const })}
      />
      <Figure
        label="Pending now"
        value={<a href="/console/deliveries?status=pending">{backlog(pending?.count ?? deliveries.pending)}</a>}
        note={
          pending?.oldestAt ? (
            <>
              the oldest since <RelativeTime at={pending.oldestAt} />
            </>
          ) : (
            'nothing waits'
          )
        }
      />
      <Figure
        label="Deliveries"
        value={all.toLocaleString()}
        note={`${attempts.toLocaleString()} attempts${all > 0 ? `, ${(attempts / all).toFixed(2)} each` : ''}`}
      />
    </div>
  );
}

function backlog(count: number): string {
  return count >= 10_000 ? 'over 10,000' : count.toLocaleString();
}
