import { useMemo, useState } from 'preact/hooks';
import { withQuery } from '../../api';
import { OutcomeChart, type OutcomeBucket } from '../../components/chart';
import { Figure } from '../../components/facts';
import { SelectField } from '../../components/field';
import { Card } from '../../components/page';
import { Loaded } from '../../components/states';
import { useResource } from '../../resource';
import { useSession } from '../../session';
import { duration } from '../../time';
import { percent } from './health';
import type { Stats } from './types';

const windows = [
  { value: '1', text: 'Last hour' },
  { value: '24', text: 'Last 24 hours' },
  { value: '168', text: 'Last 7 days' },
];

/** How its deliveries went, in numbers and over time. */
export function WebhookStats({ webhookId }: { webhookId: string }) {
  const [hours, setHours] = useState('24');
  const session = useSession();
  // Since a fixed instant as long as the window is chosen: a moving one would be another question each time.
  const since = useMemo(() => new Date(Date.now() - Number(hours) * 3_600_000).toISOString(), [hours]);
  const stats = useResource<Stats>(withQuery(`/api/v1/webhooks/${webhookId}/stats`, { since }), { everySeconds: 10 });
  const buckets = useResource<{ buckets: OutcomeBucket[] }>(
    session.may('deliveries:read') ? withQuery('/api/v1/stats/deliveries', { webhookId, from: since }) : null,
    { everySeconds: 10 },
  );
  return (
    <Card
      title="How it goes"
      actions={<SelectField label="Period" value={hours} onChange={setHours} options={windows} />}
    >
      <Loaded from={stats} lines={3}>
        {({ deliveries, successRate, durationMs }) => (
          <div class="stats">
            <div class="figures">
              <Figure
                label="Success"
                value={successRate === null ? '–' : percent(successRate)}
                note={
                  successRate === null
                    ? 'nothing ended yet'
                    : `of ${(deliveries.delivered + deliveries.failed).toLocaleString()} that ended`
                }
                {...(successRate !== null && {
                  tone: successRate >= 0.99 ? 'good' : successRate >= 0.9 ? 'waiting' : 'bad',
                })}
              />
              <Figure label="Delivered" value={deliveries.delivered.toLocaleString()} />
              <Figure
                label="Failed"
                value={deliveries.failed.toLocaleString()}
                {...(deliveries.failed > 0 && { tone: 'bad' })}
              />
              <Figure
                label="Pending"
                value={deliveries.pending.toLocaleString()}
                note={`${deliveries.cancelled.toLocaleString()} cancelled`}
              />
              <Figure
                label="Answers after"
                value={durationMs.p50 === null ? '–' : duration(durationMs.p50)}
                note={durationMs.p95 === null ? 'no attempt yet' : `95\u00a0% within ${duration(durationMs.p95)}`}
              />
            </div>
          </div>
        )}
      </Loaded>
      {session.may('deliveries:read') && (
        <div class="stats-chart">
          <Loaded from={buckets} lines={8}>
            {({ buckets: shown }) => <OutcomeChart label={chartLabel(hours)} buckets={shown} height={150} />}
          </Loaded>
        </div>
      )}
    </Card>
  );
}

const chartLabel = (hours: string) =>
  `Its deliveries, ${windows.find(({ value }) => value === hours)?.text.toLowerCase() ?? ''}`;
