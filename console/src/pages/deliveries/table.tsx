import type { ListedDelivery } from '../../api-types';
import { StatusBadge } from '../../components/badge';
import { Reason } from '../../components/reason';
import { Table } from '../../components/table';
import { Dash, RelativeTime } from '../../components/time';
import { useWebhooks, webhookName } from '../../use-webhooks';
import { duration } from '../../time';

/** Deliveries with why they failed, or when they are tried again. `brief`: without the webhook. */
export function DeliveryTable({
  deliveries,
  busy,
  brief,
}: {
  deliveries: readonly ListedDelivery[];
  busy?: boolean;
  brief?: boolean;
}) {
  const names = new Map(useWebhooks().map((webhook) => [webhook.id, webhookName(webhook)]));
  return (
    <Table
      caption="Deliveries, newest first"
      rows={deliveries}
      rowKey={({ id }) => id}
      rowHref={({ id }) => `/console/deliveries/${id}`}
      {...(busy !== undefined && { busy })}
      columns={[
        { heading: 'Event', cell: (one) => <EventCell delivery={one} /> },
        { heading: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
        { heading: 'Why', cell: (one) => <WhyCell delivery={one} /> },
        ...(brief
          ? []
          : [
              {
                heading: 'Webhook',
                optional: true,
                cell: ({ webhookId }: ListedDelivery) => (
                  <span class="clipped">{names.get(webhookId) ?? <code>{webhookId}</code>}</span>
                ),
              },
            ]),
        { heading: 'Published', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
        { heading: 'Took', numeric: true, optional: true, cell: (one) => <Took delivery={one} /> },
      ]}
    />
  );
}

function EventCell({ delivery }: { delivery: ListedDelivery }) {
  return (
    <span class="two-lines">
      <strong>{delivery.eventType}</strong>
      <code class="clipped">{delivery.eventId}</code>
    </span>
  );
}

function WhyCell({ delivery: { status, lastErrorClass, nextAttemptAt } }: { delivery: ListedDelivery }) {
  const next = status === 'pending' && nextAttemptAt !== null && Date.parse(nextAttemptAt) > Date.now();
  if (!lastErrorClass) return <Dash />;
  return (
    <span class="two-lines">
      <Reason errorClass={lastErrorClass} />
      {next && (
        <span class="faint">
          tried again <RelativeTime at={nextAttemptAt} />
        </span>
      )}
    </span>
  );
}

function Took({ delivery: { createdAt, completedAt } }: { delivery: ListedDelivery }) {
  return completedAt ? <>{duration(Date.parse(completedAt) - Date.parse(createdAt))}</> : <Dash />;
}
