import { useState } from 'preact/hooks';
import { send, type ApiError } from '../../api';
import { StatusBadge } from '../../components/badge';
import { Button } from '../../components/button';
import { Card } from '../../components/page';
import { ErrorBox, Loading } from '../../components/states';
import { Countdown } from '../../components/time';
import { asApiError, useResource } from '../../resource';
import { duration } from '../../time';
import { errorTexts } from './contracts';
import type { DeliveryWithAttempts, Webhook } from './types';

/** A sample event, sent to this webhook only, and what becomes of it while one looks on. */
export function TestEvent({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [sent, setSent] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setSent((await send<DeliveryWithAttempts>('POST', `/api/v1/webhooks/${webhook.id}/test`)).id);
    } catch (caught) {
      setError(asApiError(caught));
    }
    setBusy(false);
  };
  return (
    <Card
      title="Test event"
      actions={
        <>
          <Button kind="primary" busy={busy} onClick={() => void test()} icon="deliveries">
            {sent ? 'Send another one' : 'Send the sample'}
          </Button>
          <Button kind="quiet" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      {!sent && !error && (
        <p class="faint">
          The example of the first event type that it subscribes to, signed and sent as every other event. It is a real
          request: the receiver gets it.
        </p>
      )}
      {error && <ErrorBox error={error} />}
      {sent && <Outcome key={sent} id={sent} />}
    </Card>
  );
}

function Outcome({ id }: { id: string }) {
  const [ended, setEnded] = useState(false);
  const { data, error } = useResource<DeliveryWithAttempts>(
    `/api/v1/deliveries/${id}`,
    ended ? {} : { everySeconds: 1 },
  );
  if (data && data.status !== 'pending' && !ended) setEnded(true);
  if (error && !data) return <ErrorBox error={error} />;
  if (!data) return <Loading lines={2} />;
  return (
    <div class="test-outcome" aria-live="polite">
      <p>
        <StatusBadge status={data.status} /> <code>{data.eventType}</code>{' '}
        {data.nextAttemptAt && data.attempts.length > 0 && (
          <>
            next attempt in <Countdown until={data.nextAttemptAt} over="a moment" />
          </>
        )}
      </p>
      <ol class="attempt-lines">
        {data.attempts.map(({ number, durationMs, statusCode, errorClass, responseBody }) => (
          <li key={number}>
            <p>
              Attempt {number}:{' '}
              <strong>
                {errorClass === null
                  ? `arrived, answered ${statusCode ?? ''}`
                  : `${errorTexts[errorClass]}${statusCode === null ? '' : ` ${statusCode}`}`}
              </strong>{' '}
              after {duration(durationMs)}
            </p>
            {responseBody && <pre tabIndex={0}>{responseBody}</pre>}
          </li>
        ))}
      </ol>
      <a href={`/console/deliveries/${id}`}>Open this delivery</a>
    </div>
  );
}
