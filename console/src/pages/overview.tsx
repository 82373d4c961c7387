import { withQuery } from '../api';
import type { DeliveryTrend, Failing, List, ListedDelivery } from '../api-types';
import { OutcomeChart } from '../components/chart';
import { Snippet } from '../components/copy';
import { Card, Page } from '../components/page';
import { Empty, ErrorBox, Loaded, Loading } from '../components/states';
import { useQuery } from '../query';
import { useResource } from '../resource';
import { useSession } from '../session';
import { useNow } from '../time';
import { DeliveryTable } from './deliveries/table';
import { FailingNow } from './overview/failing';
import { StatsFigures } from './overview/figures';

const ranges = [
  { id: '1h', text: 'Hour', label: 'the last hour', stepSeconds: 60, steps: 60, step: '1m' },
  { id: '24h', text: 'Day', label: 'the last 24 hours', stepSeconds: 900, steps: 96, step: '15m' },
  { id: '7d', text: 'Week', label: 'the last 7 days', stepSeconds: 21_600, steps: 28, step: '6h' },
] as const;

/** How things are now: at a glance whether anything is wrong, and the way to what is. */
export function OverviewPage() {
  const { may } = useSession();
  if (!may('deliveries:read')) {
    return (
      <Page title="Overview">
        <Empty title="You may not see deliveries">
          <p>
            Your credentials lack the scope <code>deliveries:read</code>. The pages at the left are those that you may
            see.
          </p>
        </Empty>
      </Page>
    );
  }
  return <Overview />;
}

function Overview() {
  const { may } = useSession();
  const [query, setQuery] = useQuery();
  const range = ranges.find(({ id }) => id === query.range) ?? ranges[1];
  const now = useNow(5);
  // Whole steps: the address of the request, and with it what is shown, changes once a step.
  const to = Math.ceil(now / 1000 / range.stepSeconds) * range.stepSeconds * 1000;
  const stats = useResource<DeliveryTrend>(
    withQuery('/api/v1/stats/deliveries', {
      from: new Date(to - range.steps * range.stepSeconds * 1000).toISOString(),
      to: new Date(to).toISOString(),
      step: range.step,
    }),
    { everySeconds: 5 },
  );
  const failing = useResource<Failing>(may('webhooks:read') ? '/api/v1/stats/failing' : null, { everySeconds: 5 });
  const failed = useResource<List<ListedDelivery>>('/api/v1/deliveries?status=failed&limit=8', { everySeconds: 5 });
  const { data, error } = stats;
  const label = `Deliveries of ${range.label}`;

  return (
    <Page
      title="Overview"
      actions={
        <div class="segmented" role="radiogroup" aria-label="Time">
          {ranges.map(({ id, text }) => (
            <label key={id}>
              <input
                type="radio"
                name="range"
                checked={id === range.id}
                onChange={() => setQuery({ range: id }, true)}
              />
              <span>{text}</span>
            </label>
          ))}
        </div>
      }
    >
      {error && <ErrorBox error={error} onRetry={stats.refresh} />}
      {!data && !error && <Loading lines={8} />}
      {data && (
        <>
          <StatsFigures total={data.total} pending={failing.data?.pending} />
          <Card title={label}>
            {Object.values(data.total.deliveries).some((count) => count > 0) ? (
              <OutcomeChart label={label} buckets={data.buckets} />
            ) : (
              <Nothing label={range.label} />
            )}
          </Card>
        </>
      )}
      {may('webhooks:read') && (
        <Card title="What fails now" flush>
          <Loaded from={failing} lines={3}>
            {({ webhooks }) => <FailingNow webhooks={webhooks} />}
          </Loaded>
        </Card>
      )}
      <Card title="Failed last" flush actions={<a href="/console/deliveries?status=failed">All failed deliveries</a>}>
        <Loaded from={failed} lines={4}>
          {(list) =>
            list.data.length === 0 ? (
              <Empty title="No delivery has failed" icon="check">
                <p>Deliveries land here once all their attempts failed. They stay, and can be delivered again.</p>
              </Empty>
            ) : (
              <DeliveryTable deliveries={list.data} />
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

function Nothing({ label }: { label: string }) {
  return (
    <Empty title={`Nothing was published in ${label}`} icon="overview">
      <p>
        <a href="/console/webhooks/new">Register a webhook</a> and publish an event to it:
      </p>
      <Snippet
        text={`curl -X POST ${location.origin}/api/v1/events \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"type": "everhook.test", "payload": {"message": "Hello"}}'`}
      />
    </Empty>
  );
}
