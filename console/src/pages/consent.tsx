import { useRoute } from 'preact-iso/router';
import { useMemo, useState } from 'preact/hooks';
import { asApiError, useResource } from '../resource';
import { send } from '../api';
import { Button, LinkButton } from '../components/button';
import { Copyable } from '../components/copy';
import { Dialog } from '../components/dialog';
import { Facts } from '../components/facts';
import { TextField } from '../components/field';
import { Icon, type IconName } from '../components/icon';
import { Card, Page } from '../components/page';
import { ErrorBox, Loaded } from '../components/states';
import { RelativeTime, Time } from '../components/time';
import { useSession } from '../session';
import { useToasts } from '../toasts';
import { ConsentBadge } from './consents/badge';
import { Deadlines } from './consents/deadlines';
import { actionsIn, type ConsentAction, type History } from './consents/timeline';
import type { Consent } from './consents/types';
import '../styles/shared.css';
import './consents/consents.css';

const actionTexts: Record<ConsentAction, { button: string; means: string; done: string }> = {
  approve: { button: 'Approve', means: 'The time to consume it begins.', done: 'Approved.' },
  reject: {
    button: 'Reject',
    means: 'It stays rejected; whoever asked can still collect the outcome by consuming it.',
    done: 'Rejected.',
  },
  consume: {
    button: 'Consume',
    means: 'Nothing expires any more. No event is sent.',
    done: 'Consumed.',
  },
  revoke: { button: 'Revoke', means: 'This ends it for good. Receivers get consent:revoke.', done: 'Revoked.' },
};

const stepIcons: Record<ConsentAction | 'deadline', IconName> = {
  approve: 'check',
  reject: 'cancel',
  consume: 'check',
  revoke: 'cancel',
  deadline: 'clock',
};
const stepTexts: Record<ConsentAction | 'deadline', string> = {
  approve: 'Approved',
  reject: 'Rejected',
  consume: 'Consumed',
  revoke: 'Revoked',
  deadline: 'The deadline passed: expired',
};

export function ConsentPage() {
  const { params } = useRoute();
  const path = `/api/v1/consents/urn:everhook:${encodeURIComponent(params.id ?? '')}`;
  const consent = useResource<Consent>(path, { everySeconds: 3 });
  const history = useResource<History>(`${path}/history`, { everySeconds: 3 });
  const refresh = () => {
    consent.refresh();
    history.refresh();
  };
  return (
    <Page
      title="Consent"
      heading={<>Consent {consent.data && <ConsentBadge status={consent.data.status} />}</>}
      parent={{ href: '/console/consents', text: 'Consents' }}
      description={consent.data && <Copyable text={consent.data.consentId} what="the consent id" />}
      actions={
        consent.data && (
          <>
            <Actions consent={consent.data} path={path} onDone={refresh} />
            {consent.data.temporalUrl && (
              <LinkButton href={consent.data.temporalUrl} icon="external" external>
                Open in Temporal
              </LinkButton>
            )}
          </>
        )
      }
    >
      <Loaded from={consent}>
        {(shown) => (
          <>
            <Loaded from={history}>{(told) => <Way history={told} />}</Loaded>
            <Card title="Details">
              <Facts
                facts={[
                  ['Kind', shown.type === 'DATA' ? 'Data' : 'Payment'],
                  ['Created', <Time at={shown.createdAt} />],
                  ['Status since', <Time at={shown.statusUpdatedAt} />],
                  ['Workflow', <Copyable text={shown.workflowId} what="the workflow id" />],
                ]}
              />
              <h3>{shown.permissions.length === 1 ? '1 permission' : `${shown.permissions.length} permissions`}</h3>
              <ul class="tags">
                {shown.permissions.map((permission) => (
                  <li key={permission}>
                    <code>{permission}</code>
                  </li>
                ))}
              </ul>
              <p class="hint">Who it is about is stored encrypted and shown to nobody.</p>
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** The two deadlines, and under them what happened. */
function Way({ history }: { history: History }) {
  // The server's clock decides; it is compared with this browser's whenever an answer comes.
  const clockOffsetMs = useMemo(() => Date.parse(history.serverTime) - Date.now(), [history.serverTime]);
  return (
    <Card title="Deadlines">
      <Deadlines history={history} clockOffsetMs={clockOffsetMs} />
      <h3>What happened</h3>
      <ol class="way">
        <Event icon="plus" text="Created" at={history.createdAt} event="before:consent:create, after:consent:create" />
        {history.steps.map(({ on, at, event, status }) => (
          <Event key={`${on}${at}`} icon={stepIcons[on]} text={stepTexts[on]} at={at} event={event} status={status} />
        ))}
        {history.outstanding.map(({ action, acceptedAt }) => (
          <Event
            key={action}
            icon="clock"
            text={`${actionTexts[action].button}: accepted, and being carried out`}
            at={acceptedAt}
            event={null}
          />
        ))}
      </ol>
    </Card>
  );
}

function Event(props: { icon: IconName; text: string; at: string; event: string | null; status?: string }) {
  const { icon, text, at, event, status } = props;
  return (
    <li data-status={status}>
      <span class="way-mark">
        <Icon name={icon} />
      </span>
      <div>
        <p>
          <strong>{text}</strong>
        </p>
        <p class="faint">
          <Time at={at} /> · <RelativeTime at={at} /> ·{' '}
          {event ? (
            <>
              told as <code>{event}</code>
            </>
          ) : (
            'nobody is told'
          )}
        </p>
      </div>
    </li>
  );
}

function Actions({ consent, path, onDone }: { consent: Consent; path: string; onDone: () => void }) {
  const session = useSession();
  const [asked, setAsked] = useState<ConsentAction | null>(null);
  const possible = session.may('consents:write') ? actionsIn(consent.status) : [];
  return (
    <>
      {possible.map((action) => (
        <Button
          key={action}
          kind={action === 'revoke' ? 'danger' : action === 'approve' || action === 'consume' ? 'primary' : 'secondary'}
          onClick={() => setAsked(action)}
        >
          {actionTexts[action].button}
        </Button>
      ))}
      {asked && (
        <ActionDialog
          action={asked}
          path={path}
          onClose={() => setAsked(null)}
          onDone={() => {
            setAsked(null);
            onDone();
          }}
        />
      )}
    </>
  );
}

interface DialogProps {
  action: ConsentAction;
  path: string;
  onClose: () => void;
  onDone: () => void;
}

function ActionDialog({ action, path, onClose, onDone }: DialogProps) {
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ReturnType<typeof asApiError>>();
  const toasts = useToasts();
  const { button, means, done } = actionTexts[action];

  const act = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await send<Consent & { acceptedAt?: string }>('POST', `${path}/${action}`, {
        ...(reason !== '' && { reason }),
      });
      toasts.success(answer.acceptedAt ? `${button}: accepted. It is carried out as soon as a worker runs.` : done);
      onDone();
    } catch (caught) {
      setError(asApiError(caught));
      setBusy(false);
    }
  };

  return (
    <Dialog title={`${button} this consent?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act();
        }}
      >
        <p class="dialog-text">{means}</p>
        <TextField
          label="Reason"
          required={false}
          hint="Kept encrypted with the action; in no event and no log."
          value={reason}
          onInput={setReason}
          error={error?.at('/reason')}
        />
        {error && <ErrorBox error={error} />}
        <div class="dialog-actions">
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button type="submit" kind={action === 'revoke' ? 'danger' : 'primary'} busy={busy}>
            {button}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
