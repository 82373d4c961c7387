import { useState } from 'preact/hooks';
import { send, type ApiError } from '../../api';
import { Button } from '../../components/button';
import { Facts } from '../../components/facts';
import { Card } from '../../components/page';
import { ErrorBox } from '../../components/states';
import { Dash, Time } from '../../components/time';
import { asApiError, useResource } from '../../resource';
import { useSession } from '../../session';
import { useToasts } from '../../toasts';
import { authTexts, contractTexts } from './contracts';
import { errorsUnder, headersOf, HeadersField, NamesField, rowsOf } from './inputs';
import { DeliveryFields, type NamedType } from './new';
import type { Webhook } from './types';

/** What it is registered with: read, or changed as far as it can be. */
export function Settings({ webhook, onChanged }: { webhook: Webhook; onChanged: () => void }) {
  const [editing, setEditing] = useState(false);
  const session = useSession();
  if (editing) {
    return (
      <Editor
        webhook={webhook}
        onEnd={(changed) => {
          setEditing(false);
          if (changed) onChanged();
        }}
      />
    );
  }
  return (
    <Card
      title="Settings"
      actions={session.may('webhooks:write') && <Button onClick={() => setEditing(true)}>Edit</Button>}
    >
      <Facts
        facts={[
          ['Events', <Names names={webhook.events} />],
          ['Channels', webhook.channels.length > 0 ? <Names names={webhook.channels} /> : 'every channel'],
          ['Retries', `${webhook.maxRetries} after the first attempt`],
          ['Timeout', `${webhook.timeoutMs} ms`],
          ['Custom headers', <Headers headers={webhook.headers} />],
          ...fixedFacts(webhook),
          ['Registered', <Time at={webhook.createdAt} />],
          ['Changed', <Time at={webhook.updatedAt} />],
        ]}
      />
    </Card>
  );
}

/** What only its contract can change. */
const fixedFacts = ({ targetUrl, authType, description, contract }: Webhook) =>
  [
    ['Target URL', <code class="breakable">{targetUrl}</code>],
    ['Authentication', authTexts[authType]],
    ['Description', description || <Dash />],
    ['Contract', contractTexts[contract].name],
  ] as const;

function Names({ names }: { names: readonly string[] }) {
  return (
    <ul class="tags">
      {names.map((name) => (
        <li key={name}>
          <code>{name}</code>
        </li>
      ))}
    </ul>
  );
}

function Headers({ headers }: { headers: Record<string, string> }) {
  const rows = rowsOf(headers);
  if (rows.length === 0) return <>none</>;
  return (
    <ul class="plain">
      {rows.map(({ name, value }) => (
        <li key={name}>
          <code>
            {name}: {value}
          </code>
        </li>
      ))}
    </ul>
  );
}

function Editor({ webhook, onEnd }: { webhook: Webhook; onEnd: (changed: boolean) => void }) {
  const [form, setForm] = useState({
    events: webhook.events,
    channels: webhook.channels,
    headers: rowsOf(webhook.headers),
    timeoutMs: String(webhook.timeoutMs),
    maxRetries: String(webhook.maxRetries),
  });
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const toasts = useToasts();
  const types = useResource<{ data: NamedType[] }>('/api/v1/event-types?limit=250');
  const isOwn = webhook.contract === 'everhook';
  const offered = types.data?.data.filter(({ contract }) => isOwn || contract === webhook.contract) ?? [];
  const change = (patch: Partial<typeof form>) => setForm((old) => ({ ...old, ...patch }));

  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await send('PATCH', `/api/v1/webhooks/${webhook.id}`, {
        events: form.events,
        channels: form.channels,
        headers: headersOf(form.headers),
        timeoutMs: Number(form.timeoutMs),
        maxRetries: Number(form.maxRetries),
      });
      toasts.success('Saved. The next attempt of every delivery goes by it.');
      onEnd(true);
    } catch (caught) {
      setError(asApiError(caught));
      setBusy(false);
    }
  };

  return (
    <Card title="Settings">
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <NamesField
          label="Events"
          one="event type"
          names={form.events}
          onChange={(events) => change({ events })}
          offered={offered.map(({ name }) => name)}
          hint={
            isOwn
              ? 'Event types, prefixes such as invoice.*, or * for all.'
              : `Of the ${contractTexts[webhook.contract].name} contract only.`
          }
          error={errorsUnder(error, '/events')}
        />
        <DeliveryFields contract={webhook.contract} values={form} onChange={change} error={error} />
        <HeadersField rows={form.headers} onChange={(headers) => change({ headers })} error={error} />
        <div class="fixed-facts">
          <Facts facts={fixedFacts(webhook)} />
          <p class="hint">These can’t be changed here. {contractTexts[webhook.contract].fixed}</p>
        </div>
        {error && <ErrorBox error={error} />}
        <div class="form-actions">
          <Button type="submit" kind="primary" busy={busy}>
            Save
          </Button>
          <Button onClick={() => onEnd(false)}>Cancel</Button>
        </div>
      </form>
    </Card>
  );
}
