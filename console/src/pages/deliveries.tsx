import { withQuery } from '../api';
import type { List, ListedDelivery } from '../api-types';
import { Button } from '../components/button';
import { Snippet } from '../components/copy';
import { Card, Page } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, ErrorBox, Loading } from '../components/states';
import { useQuery } from '../query';
import { useResource } from '../resource';
import { DeliveryFilters, filterNames, hasFilter } from './deliveries/filters';
import { DeliveryTable } from './deliveries/table';

/** Deliveries, newest first, by filters that stand in the address. The first page is live. */
export function DeliveriesPage() {
  const [query, setQuery] = useQuery();
  const { eventId, before, cursor } = query;
  const filters = Object.fromEntries(filterNames.map((name) => [name, query[name]]));
  const live = !cursor && !before;
  const list = useResource<List<ListedDelivery>>(
    withQuery('/api/v1/deliveries', { ...filters, cursor, limit: 50 }),
    live ? { everySeconds: 3 } : {},
  );
  const { data, error, loading, refresh } = list;
  const filtered = hasFilter(query);
  const clear = () => setQuery(Object.fromEntries([...filterNames, 'cursor'].map((name) => [name, null])));

  return (
    <Page
      title="Deliveries"
      description="One delivery is one event for one webhook. Open one to see every attempt, why it failed and what to do."
      actions={
        live ? (
          <span class="live" title="Asked for every 3 seconds while this page is visible">
            <span class="live-dot" aria-hidden="true" /> Live
          </span>
        ) : (
          <Button icon="refresh" busy={loading} onClick={refresh}>
            Refresh
          </Button>
        )
      }
    >
      <DeliveryFilters />
      <Card flush>
        {error && <ErrorBox error={error} onRetry={refresh} />}
        {!data && !error && <Loading lines={10} />}
        {data && data.data.length > 0 && <DeliveryTable deliveries={data.data} busy={loading} />}
        {data?.data.length === 0 &&
          (filtered ? (
            <Empty title="No delivery fits these filters">
              <p>
                {eventId
                  ? 'Event ids are compared whole, as the publisher gave them.'
                  : 'Widen the time, or take a filter away.'}
              </p>
              <Button onClick={clear}>Clear the filters</Button>
            </Empty>
          ) : (
            <NothingYet />
          ))}
        {data && <Pager nextCursor={data.nextCursor} shown={data.data.length} />}
      </Card>
    </Page>
  );
}

function NothingYet() {
  return (
    <Empty title="Nothing was delivered yet" icon="deliveries">
      <p>
        <a href="/console/webhooks/new">Register a webhook</a>, then publish an event. This list shows it at once.
      </p>
      <Snippet
        text={`curl -X POST ${location.origin}/api/v1/events \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{"type": "everhook.test", "payload": {"message": "Hello"}}'`}
      />
    </Empty>
  );
}
