import { useState } from 'preact/hooks';
import { withQuery } from '../../api';
import type { Delivery, DeliveryRequest } from '../../api-types';
import { CopyButton } from '../../components/copy';
import { SelectField } from '../../components/field';
import { HeaderTable } from '../../components/headers';
import { Card } from '../../components/page';
import { ErrorBox, Loading } from '../../components/states';
import { useResource } from '../../resource';

/** What an attempt sent, with the headers that sign it. */
export function SentRequest({ delivery: { id, attempts } }: { delivery: Delivery }) {
  const [chosen, setChosen] = useState<number>();
  const last = attempts.length;
  const attempt = chosen ?? last;
  const { data, error, refresh } = useResource<DeliveryRequest>(
    last === 0 ? null : withQuery(`/api/v1/deliveries/${id}/request`, { attempt }),
  );
  if (last === 0) return null;
  return (
    <Card
      title="The request"
      actions={
        last > 1 && (
          <SelectField
            label="Attempt"
            value={String(attempt)}
            onChange={(value) => setChosen(Number(value))}
            options={attempts.map(({ number }) => ({ value: String(number), text: `Attempt ${number}` }))}
          />
        )
      }
    >
      {error ? (
        error.status === 409 ? (
          <p class="muted">{error.detail}</p>
        ) : (
          <ErrorBox error={error} onRetry={refresh} />
        )
      ) : (
        !data && <Loading lines={5} />
      )}
      {data && <Shown request={data} />}
    </Card>
  );
}

function Shown({ request: { method, url, headers, body, bodyBytes } }: { request: DeliveryRequest }) {
  const cut = new TextEncoder().encode(body).length < bodyBytes;
  return (
    <div class="stack">
      <p class="request-line">
        <strong>{method}</strong> <code>{url}</code>
      </p>
      <HeaderTable
        caption="Headers of the request"
        headers={headers.map(({ name, value, purpose }) => ({
          name,
          value,
          ...(purpose === 'signature' && { tag: purpose }),
        }))}
      />
      <div class="json">
        <pre tabIndex={0} aria-label="Body of the request">
          {pretty(body, cut)}
        </pre>
        {!cut && <CopyButton text={body} what="the body as it was sent" />}
      </div>
      <p class="faint">
        {bodyBytes.toLocaleString()} bytes{cut && ', of which the beginning is shown'}. Made again from the event and
        the webhook as they are now; receivers verify the bytes as they come, not this indented form.
      </p>
    </div>
  );
}

function pretty(body: string, cut: boolean): string {
  if (cut) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
