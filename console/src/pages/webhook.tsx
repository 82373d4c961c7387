import { useLocation, useRoute } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { send } from '../api';
import { Button, LinkButton } from '../components/button';
import { useConfirm } from '../components/confirm';
import { Copyable } from '../components/copy';
import { Page } from '../components/page';
import { Loaded } from '../components/states';
import { useResource } from '../resource';
import { useSession } from '../session';
import { useToasts } from '../toasts';
import { nameOf } from './webhooks/contracts';
import { LatestDeliveries } from './webhooks/deliveries';
import { Trouble, WebhookBadge } from './webhooks/health';
import { NewWebhookPage } from './webhooks/new';
import { RotateSecret } from './webhooks/secret';
import { Settings } from './webhooks/settings';
import { WebhookStats } from './webhooks/stats';
import { TestEvent } from './webhooks/test-event';
import type { Reports, Webhook } from './webhooks/types';
import '../styles/shared.css';
import './webhooks/webhooks.css';

export function WebhookPage() {
  const { params } = useRoute();
  if (params.id === 'new') return <NewWebhookPage />;
  return <ShownWebhook key={params.id} path={`/api/v1/webhooks/${encodeURIComponent(params.id ?? '')}`} />;
}

function ShownWebhook({ path }: { path: string }) {
  const webhook = useResource<Webhook>(path, { everySeconds: 10 });
  const reports = useResource<Reports>('/api/v1/stats/webhooks', { everySeconds: 10 });
  const [testing, setTesting] = useState(false);
  const session = useSession();
  const { data } = webhook;
  const report = reports.data?.data.find(({ webhookId }) => webhookId === data?.id);
  const refresh = () => {
    webhook.refresh();
    reports.refresh();
  };
  const name = data ? nameOf(data) : 'Webhook';
  return (
    <Page
      title={name}
      heading={
        <>
          {name} {data && <WebhookBadge webhook={data} report={report} />}
        </>
      }
      parent={{ href: '/console/webhooks', text: 'Webhooks' }}
      description={data && <Copyable text={data.targetUrl} what="the target URL" />}
      actions={data && <Actions webhook={data} onTest={() => setTesting(true)} onChanged={refresh} />}
    >
      <Loaded from={webhook}>
        {(shown) => (
          <>
            <Trouble webhook={shown} report={report} />
            {testing && <TestEvent webhook={shown} onClose={() => setTesting(false)} />}
            <WebhookStats webhookId={shown.id} />
            {session.may('deliveries:read') && <LatestDeliveries webhookId={shown.id} />}
            <Settings webhook={shown} onChanged={refresh} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ webhook, onTest, onChanged }: { webhook: Webhook; onTest: () => void; onChanged: () => void }) {
  const [rotating, setRotating] = useState(false);
  const session = useSession();
  const confirm = useConfirm();
  const toasts = useToasts();
  const { route } = useLocation();
  const path = `/api/v1/webhooks/${webhook.id}`;
  if (!session.may('webhooks:write')) return null;

  const setDisabled = async (disabled: boolean) => {
    const isSure =
      !disabled ||
      (await confirm({
        title: 'Disable this webhook?',
        text: 'Attempts that are due are not made: its pending deliveries end as cancelled. Events of the time in which it is disabled are not sent later.',
        action: 'Disable it',
        danger: true,
      }));
    if (!isSure) return;
    try {
      await send('PATCH', path, { disabled });
      toasts.success(disabled ? 'Disabled.' : 'Enabled. The next event goes out.');
      onChanged();
    } catch (error) {
      toasts.error(error);
    }
  };

  const remove = async () => {
    const isSure = await confirm({
      title: 'Delete this webhook?',
      text: 'Its secrets are destroyed and its pending deliveries end as cancelled. It can’t be brought back; what was delivered stays in the list of deliveries.',
      action: 'Delete the webhook',
      danger: true,
    });
    if (!isSure) return;
    try {
      await send('DELETE', path);
      toasts.success('Deleted.');
      route('/console/webhooks');
    } catch (error) {
      toasts.error(error);
    }
  };

  return (
    <>
      {webhook.disabled ? (
        <Button kind="primary" icon="play" onClick={() => void setDisabled(false)}>
          Enable
        </Button>
      ) : (
        <>
          <Button kind="primary" icon="deliveries" onClick={onTest}>
            Send a test event
          </Button>
          <LinkButton href={`/console/recover?webhookId=${webhook.id}`} icon="recover">
            Recover
          </LinkButton>
          <Button icon="pause" onClick={() => void setDisabled(true)}>
            Disable
          </Button>
        </>
      )}
      <Button onClick={() => setRotating(true)}>Rotate secret</Button>
      <Button kind="danger" onClick={() => void remove()}>
        Delete
      </Button>
      {rotating && <RotateSecret webhookId={webhook.id} onClose={() => setRotating(false)} />}
    </>
  );
}
