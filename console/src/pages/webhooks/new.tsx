import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { send, type ApiError } from '../../api';
import { Button, LinkButton } from '../../components/button';
import { CheckField, SelectField, TextField } from '../../components/field';
import { Card, Page } from '../../components/page';
import { ErrorBox } from '../../components/states';
import { asApiError, useResource } from '../../resource';
import { authTexts, contractTexts } from './contracts';
import { errorsUnder, headersOf, HeadersField, NamesField, type HeaderRow } from './inputs';
import { SecretOnce } from './secret';
import type { Webhook } from './types';

export interface NamedType {
  name: string;
  contract: string;
}

interface Registration {
  targetUrl: string;
  description: string;
  events: string[];
  channels: string[];
  authType: Webhook['authType'];
  username: string;
  password: string;
  clientID: string;
  clientSecret: string;
  tokenURL: string;
  headers: HeaderRow[];
  timeoutMs: string;
  maxRetries: string;
  disabled: boolean;
}

const blank: Registration = {
  ...{ targetUrl: '', description: '', events: [], channels: [], headers: [] },
  ...{ authType: 'noauth', username: '', password: '', clientID: '', clientSecret: '', tokenURL: '' },
  ...{ timeoutMs: '3000', maxRetries: '3', disabled: false },
};

/** A new webhook of Everhook's own contract; the others are registered by the calls of their contracts. */
export function NewWebhookPage() {
  const [form, setForm] = useState(blank);
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<Webhook & { secret: string }>();
  const { route } = useLocation();
  const types = useResource<{ data: NamedType[] }>('/api/v1/event-types?limit=250');
  const change = (patch: Partial<Registration>) => setForm((old) => ({ ...old, ...patch }));
  const text = (
    key: 'targetUrl' | 'description' | 'username' | 'password' | 'clientID' | 'clientSecret' | 'tokenURL',
  ) => ({
    value: form[key],
    onInput: (value: string) => change({ [key]: value }),
  });

  const register = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setMade(await send('POST', '/api/v1/webhooks', bodyOf(form)));
    } catch (caught) {
      setError(asApiError(caught));
    }
    setBusy(false);
  };

  return (
    <Page
      title="New webhook"
      parent={{ href: '/console/webhooks', text: 'Webhooks' }}
      description="Of Everhook’s own contract: bodies and signatures are those of Standard Webhooks."
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void register();
        }}
      >
        <Card title="What goes where">
          <div class="form">
            <TextField
              label="Target URL"
              type="url"
              mono
              required
              placeholder="https://example.com/hooks"
              hint="https, a public name, no address. Private addresses are refused, now and at every delivery."
              error={error?.at('/targetUrl')}
              {...text('targetUrl')}
            />
            <NamesField
              label="Events"
              one="event type"
              names={form.events}
              onChange={(events) => change({ events })}
              offered={['*', ...(types.data?.data.map(({ name }) => name) ?? [])]}
              placeholder="invoice.*"
              hint="Event types, prefixes such as invoice.*, or * for all. Enter adds one."
              error={errorsUnder(error, '/events')}
            />
            <TextField
              label="Description"
              required={false}
              hint="What it is for. Lists show it instead of the URL."
              error={error?.at('/description')}
              {...text('description')}
            />
          </div>
        </Card>
        <Card title="How Everhook authenticates there">
          <div class="form">
            <SelectField
              label="Authentication"
              value={form.authType}
              onChange={(authType) => change({ authType: authType as Webhook['authType'] })}
              options={Object.entries(authTexts).map(([value, text]) => ({ value, text }))}
            />
            {form.authType === 'basic' && (
              <div class="columns">
                <TextField label="User name" required error={error?.at('/auth/username')} {...text('username')} />
                <TextField
                  label="Password"
                  type="password"
                  required
                  autocomplete="new-password"
                  hint="Stored encrypted and never shown again."
                  error={error?.at('/auth/password')}
                  {...text('password')}
                />
              </div>
            )}
            {form.authType === 'client_credential' && (
              <>
                <TextField
                  label="Token URL"
                  type="url"
                  mono
                  required
                  hint="Judged by the same rules as the target."
                  error={error?.at('/auth/tokenURL')}
                  {...text('tokenURL')}
                />
                <div class="columns">
                  <TextField label="Client id" required error={error?.at('/auth/clientID')} {...text('clientID')} />
                  <TextField
                    label="Client secret"
                    type="password"
                    required
                    autocomplete="new-password"
                    hint="Stored encrypted and never shown again."
                    error={error?.at('/auth/clientSecret')}
                    {...text('clientSecret')}
                  />
                </div>
              </>
            )}
            <HeadersField rows={form.headers} onChange={(headers) => change({ headers })} error={error} />
          </div>
        </Card>
        <Card title="Delivery">
          <div class="form">
            <DeliveryFields contract="everhook" values={form} onChange={change} error={error} />
            <CheckField
              label="Register it disabled: nothing is sent until it is enabled"
              checked={form.disabled}
              onChange={(disabled) => change({ disabled })}
            />
          </div>
        </Card>
        {error && <ErrorBox error={error} />}
        <div class="form-actions">
          <Button type="submit" kind="primary" busy={busy}>
            Register the webhook
          </Button>
          <LinkButton href="/console/webhooks">Cancel</LinkButton>
        </div>
      </form>
      {made && <SecretOnce secret={made.secret} onClose={() => route(`/console/webhooks/${made.id}`)} />}
    </Page>
  );
}

interface DeliveryValues {
  timeoutMs: string;
  maxRetries: string;
  channels: string[];
}

/** How often and how long it is tried, and what narrows it down; by the bounds of the webhook's contract. */
export function DeliveryFields({
  contract,
  values,
  onChange,
  error,
}: {
  contract: Webhook['contract'];
  values: DeliveryValues;
  onChange: (patch: Partial<DeliveryValues>) => void;
  error: ApiError | undefined;
}) {
  const { maxRetries, maxTimeoutMs } = contractTexts[contract];
  return (
    <>
      <div class="columns">
        <TextField
          label="Timeout in milliseconds"
          type="number"
          min={100}
          max={maxTimeoutMs}
          value={values.timeoutMs}
          onInput={(timeoutMs) => onChange({ timeoutMs })}
          hint={`Of a whole attempt; 100 to ${maxTimeoutMs}.`}
          error={error?.at('/timeoutMs')}
        />
        <TextField
          label="Retries"
          type="number"
          min={0}
          max={maxRetries}
          value={values.maxRetries}
          onInput={(retries) => onChange({ maxRetries: retries })}
          hint={`After the first attempt, each wait twice as long; 0 to ${maxRetries}.`}
          error={error?.at('/maxRetries')}
        />
      </div>
      <NamesField
        label="Channels"
        one="channel"
        required={false}
        names={values.channels}
        onChange={(channels) => onChange({ channels })}
        hint="Only events published to one of these; none: events of every channel and of none."
        error={errorsUnder(error, '/channels')}
      />
    </>
  );
}

function bodyOf(form: Registration): unknown {
  return {
    targetUrl: form.targetUrl,
    events: form.events,
    ...(form.description !== '' && { description: form.description }),
    auth: authOf(form),
    headers: headersOf(form.headers),
    channels: form.channels,
    timeoutMs: Number(form.timeoutMs),
    maxRetries: Number(form.maxRetries),
    disabled: form.disabled,
  };
}

function authOf({ authType, username, password, clientID, clientSecret, tokenURL }: Registration): unknown {
  switch (authType) {
    case 'noauth':
      return { type: authType };
    case 'basic':
      return { type: authType, username, password };
    case 'client_credential':
      return { type: authType, clientID, clientSecret, tokenURL };
  }
}
