import { useRoute } from 'preact-iso/router';
import type { Delivery } from '../api-types';
import { LinkButton } from '../components/button';
import { Copyable } from '../components/copy';
import { Facts } from '../components/facts';
import { Card, Page } from '../components/page';
import { Loaded } from '../components/states';
import { StatusBadge } from '../components/badge';
import { Time } from '../components/time';
import { useResource } from '../resource';
import { duration } from '../time';
import { useWebhooks, webhookName } from '../use-webhooks';
import { DeliveryActions } from './delivery/actions';
import { Diagnosis } from './delivery/diagnosis';
import { SentRequest } from './delivery/request';
import { Timeline } from './delivery/timeline';

/** A delivery: what became of it and why, each attempt and wait, what was sent, and what can be done. */
export function DeliveryPage() {
  const id = useRoute().params.id ?? '';
  const delivery = useResource<Delivery>(`/api/v1/deliveries/${encodeURIComponent(id)}`, { everySeconds: 2 });
  const { data } = delivery;
  return (
    <Page
      title={data ? `${data.eventType} · ${data.status}` : 'Delivery'}
      heading={
        <span class="row">
          {data?.eventType ?? 'Delivery'} {data && <StatusBadge status={data.status} />}
        </span>
      }
      parent={{ href: '/console/deliveries', text: 'Deliveries' }}
      actions={
        data && (
          <>
            <DeliveryActions delivery={data} onDone={delivery.refresh} />
            {data.temporalUrl && (
              <LinkButton href={data.temporalUrl} icon="external" external>
                Open in Temporal
              </LinkButton>
            )}
          </>
        )
      }
    >
      <Loaded from={delivery} lines={12}>
        {(shown) => (
          <>
            <Diagnosis delivery={shown} />
            <div class="delivery-columns">
              <Card title="What happened">
                <Timeline delivery={shown} />
              </Card>
              <div class="stack">
                <About delivery={shown} />
                <SentRequest delivery={shown} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function About({ delivery }: { delivery: Delivery }) {
  const webhook = useWebhooks().find(({ id }) => id === delivery.webhookId);
  const { attempts, retrySchedule, createdAt, completedAt } = delivery;
  return (
    <Card title="About it">
      <Facts
        facts={[
          ['Event id', <Copyable text={delivery.eventId} what="the event id" />],
          [
            'Webhook',
            <a href={`/console/webhooks/${delivery.webhookId}`}>
              {webhook ? webhookName(webhook) : delivery.webhookId}
            </a>,
          ],
          ['Published', <Time at={createdAt} />],
          completedAt !== null && [
            'Ended',
            <>
              {<Time at={completedAt} />} (after {duration(Date.parse(completedAt) - Date.parse(createdAt))})
            </>,
          ],
          ['Attempts', `${attempts.length} of at most ${retrySchedule.length + 1}`],
          ['Delivery id', <Copyable text={delivery.id} what="the delivery id" />],
          [
            'Others of this event',
            <a href={`/console/deliveries?eventId=${encodeURIComponent(delivery.eventId)}`}>All its deliveries</a>,
          ],
          !delivery.temporalUrl && ['Workflow', <Copyable text={delivery.workflowId} what="the workflow id" />],
        ]}
      />
    </Card>
  );
}
