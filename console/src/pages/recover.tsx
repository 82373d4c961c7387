import { useMemo, useState } from 'preact/hooks';
import { send, withQuery, type ApiError } from '../api';
import { Button } from '../components/button';
import { Snippet } from '../components/copy';
import { SelectField, TextField } from '../components/field';
import { Icon } from '../components/icon';
import { Card, Page } from '../components/page';
import { Empty, ErrorBox, Loaded } from '../components/states';
import { curlOf } from '../curl';
import { useQuery } from '../query';
import { asApiError, useResource } from '../resource';
import { useSession } from '../session';
import { exactTime, fromLocalInput, toLocalInput } from '../time';
import { Progress } from './recover/progress';
import { contractTexts, nameOf } from './webhooks/contracts';
import type { Reports, Webhook, WebhookPage } from './webhooks/types';
import '../styles/shared.css';
import './recover/recover.css';

const hoursAgo = (hours: number) => toLocalInput(new Date(Date.now() - hours * 3_600_000).toISOString());
const presets = [
  { text: 'Last hour', hours: 1 },
  { text: 'Last 24 hours', hours: 24 },
  { text: 'Last 7 days', hours: 168 },
];

/** What a dry run found: it is sent again exactly as asked there. */
interface Found {
  count: number;
  body: { since: string; until: string };
}

/** Delivers again what failed in a window of time: how much it would be first, then all of it. */
export function RecoverPage() {
  const webhooks = useResource<WebhookPage>('/api/v1/webhooks?limit=250');
  return (
    <Page
      title="Recover"
      description="After a receiver was down: every event whose last delivery to the webhook failed is delivered again."
    >
      <Loaded from={webhooks}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No webhooks yet" icon="recover">
              <p>
                There is nothing to recover before something was sent. <a href="/console/webhooks/new">New webhook</a>
              </p>
            </Empty>
          ) : (
            <Recovery webhooks={data} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Recovery({ webhooks }: { webhooks: readonly Webhook[] }) {
  const [query, setQuery] = useQuery();
  const reports = useResource<Reports>(withQuery('/api/v1/stats/webhooks', {}), { everySeconds: 10 });
  const failedOf = useMemo(
    () => new Map(reports.data?.data.map(({ webhookId, deliveries }) => [webhookId, deliveries.failed])),
    [reports.data],
  );
  const chosen = webhooks.find(({ id }) => id === query.webhookId);
  const [since, setSince] = useState(() => toLocalInput(query.since) || hoursAgo(24));
  const [until, setUntil] = useState('');
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState<'counting' | 'sending'>();
  const [found, setFound] = useState<Found>();
  const [sent, setSent] = useState<{ count: number; startedAt: string }>();
  const session = useSession();
  const path = `/api/v1/webhooks/${chosen?.id}/recover`;

  /** What was counted is not what would be sent any more. */
  const anew = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      setFound(undefined);
      setSent(undefined);
      setError(undefined);
      set(value);
    };
  };

  const count = async () => {
    setBusy('counting');
    setError(undefined);
    setSent(undefined);
    const body = {
      since: fromLocalInput(since) ?? '',
      // Fixed now, so that what is sent is what was counted.
      until: fromLocalInput(until) ?? new Date().toISOString(),
    };
    try {
      const answer = await send<{ count: number }>('POST', path, { ...body, dryRun: true });
      setFound({ count: answer.count, body });
    } catch (caught) {
      setError(asApiError(caught));
    }
    setBusy(undefined);
  };

  const recover = async ({ body }: Found) => {
    setBusy('sending');
    setError(undefined);
    const startedAt = new Date().toISOString();
    try {
      const answer = await send<{ count: number }>('POST', path, body);
      setSent({ count: answer.count, startedAt });
      setFound(undefined);
    } catch (caught) {
      setError(asApiError(caught));
    }
    setBusy(undefined);
  };

  return (
    <>
      <Card title="What failed, and when">
        <form
          class="form"
          onSubmit={(event) => {
            event.preventDefault();
            if (chosen && !chosen.disabled) void count();
          }}
        >
          <SelectField
            label="Webhook"
            value={chosen?.id ?? ''}
            onChange={anew((webhookId: string) => setQuery({ webhookId }))}
            options={[
              { value: '', text: 'Choose…' },
              ...webhooks.map((one) => ({ value: one.id, text: optionText(one, failedOf.get(one.id)) })),
            ]}
          />
          {chosen?.disabled && (
            <p class="note bad">
              It is disabled, so nothing can be sent to it. <a href={`/console/webhooks/${chosen.id}`}>Enable it</a>{' '}
              first, and send a test event.
            </p>
          )}
          <fieldset class="presets">
            <legend class="visually-hidden">A period up to now</legend>
            {presets.map(({ text, hours }) => (
              <Button
                key={hours}
                onClick={() => {
                  anew(setSince)(hoursAgo(hours));
                  setUntil('');
                }}
              >
                {text}
              </Button>
            ))}
          </fieldset>
          <div class="columns">
            <TextField
              label="Since"
              type="datetime-local"
              step={1}
              required
              value={since}
              onInput={anew(setSince)}
              hint="When the deliveries that failed were made, in your time zone."
              error={error?.at('/since')}
            />
            <TextField
              label="Until"
              type="datetime-local"
              step={1}
              required={false}
              value={until}
              onInput={anew(setUntil)}
              hint="Empty: until now."
              error={error?.at('/until')}
            />
          </div>
          {error && <ErrorBox error={error} />}
          <div class="form-actions">
            <span class="faint">A dry run: nothing is sent.</span>
            <Button
              type="submit"
              kind={found ? 'secondary' : 'primary'}
              busy={busy === 'counting'}
              disabled={!chosen || chosen.disabled || since === '' || !session.may('webhooks:write')}
            >
              Count first
            </Button>
          </div>
        </form>
      </Card>
      <div aria-live="polite">
        {found && chosen && (
          <Card title="Dry run">
            <div class="stack">
              {found.count === 0 ? (
                <p>
                  <strong>Nothing to recover.</strong> No event’s last delivery to this webhook failed between{' '}
                  {exactTime(Date.parse(found.body.since))} and {exactTime(Date.parse(found.body.until))}.
                </p>
              ) : (
                <>
                  <p class="recover-count">
                    <strong>{found.count.toLocaleString()}</strong>{' '}
                    {found.count === 1 ? 'event would be delivered again' : 'events would be delivered again'}
                  </p>
                  <p class="faint">
                    To <code>{chosen.targetUrl}</code>, each as a new delivery with the same event id: receivers that
                    keep to the id notice what they have already.
                  </p>
                  <div class="form-actions">
                    <Button kind="primary" icon="recover" busy={busy === 'sending'} onClick={() => void recover(found)}>
                      {found.count === 1 ? 'Deliver it again' : `Deliver all ${found.count.toLocaleString()} again`}
                    </Button>
                  </div>
                </>
              )}
              <details>
                <summary>The same by the API</summary>
                <Snippet text={curlOf('POST', path, found.body)} />
              </details>
            </div>
          </Card>
        )}
      </div>
      {sent && chosen && <Progress webhookId={chosen.id} count={sent.count} startedAt={sent.startedAt} />}
      {!found && !sent && !error && (
        <p class="faint recover-hint">
          <Icon name="clock" /> Payloads are kept for as long as the installation says: what is older can’t be sent
          again.
        </p>
      )}
    </>
  );
}

function optionText(webhook: Webhook, failed = 0): string {
  const { contract, disabled } = webhook;
  const notes = [
    contractTexts[contract].name,
    ...(disabled ? ['disabled'] : []),
    ...(failed > 0 ? [`${failed} failed in 24 h`] : []),
  ];
  return `${nameOf(webhook)} (${notes.join(', ')})`;
}
