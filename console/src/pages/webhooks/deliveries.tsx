import { withQuery } from '../../api';
import { StatusBadge } from '../../components/badge';
import { LinkButton } from '../../components/button';
import { Card } from '../../components/page';
import { Empty, Loaded } from '../../components/states';
import { Table } from '../../components/table';
import { RelativeTime } from '../../components/time';
import { useResource } from '../../resource';
import type { Delivery } from './types';

/** Its newest deliveries. */
export function LatestDeliveries({ webhookId }: { webhookId: string }) {
  const page = useResource<{ data: Delivery[] }>(withQuery('/api/v1/deliveries', { webhookId, limit: 8 }), {
    everySeconds: 5,
  });
  return (
    <Card
      title="Latest deliveries"
      flush
      actions={<LinkButton href={`/console/deliveries?webhookId=${webhookId}`}>All its deliveries</LinkButton>}
    >
      <Loaded from={page} lines={4}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nothing was sent to it yet" icon="deliveries">
              <p>Send a test event, or publish one that it subscribes to.</p>
            </Empty>
          ) : (
            <Table
              caption="Latest deliveries"
              rows={data}
              rowKey={({ id }) => id}
              rowHref={({ id }) => `/console/deliveries/${id}`}
              columns={[
                { heading: 'Event', cell: ({ eventType }) => <code>{eventType}</code> },
                { heading: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
                { heading: 'Event id', cell: ({ eventId }) => <code>{eventId}</code>, optional: true },
                { heading: 'Next attempt', cell: ({ nextAttemptAt }) => <RelativeTime at={nextAttemptAt} /> },
                { heading: 'Created', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
