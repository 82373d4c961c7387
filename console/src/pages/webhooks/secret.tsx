import { useState } from 'preact/hooks';
import { send, type ApiError } from '../../api';
import { Button } from '../../components/button';
import { Copyable, Snippet } from '../../components/copy';
import { Dialog } from '../../components/dialog';
import { SelectField } from '../../components/field';
import { ErrorBox } from '../../components/states';
import { asApiError } from '../../resource';

/** A signing secret, which no answer shows a second time. */
export function SecretOnce({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title="The signing secret" onClose={onClose} wide firm>
      <div class="dialog-text">
        <p>
          <strong>This is the only time it is shown.</strong> Put it where the receiver reads it; it verifies with it
          that a request comes from Everhook.
        </p>
        <Copyable text={secret} what="the signing secret" />
        <p>In a receiver written in JavaScript:</p>
        <Snippet
          what="the code"
          text={`import { verifyStandardWebhooks } from 'everhook/verify';\n\nverifyStandardWebhooks({ headers, body, secrets: process.env.SECRET });`}
        />
      </div>
      <div class="dialog-actions">
        <Button kind="primary" onClick={onClose}>
          I have stored it
        </Button>
      </div>
    </Dialog>
  );
}

const graces = [
  { value: '86400', text: '24 hours' },
  { value: '3600', text: '1 hour' },
  { value: '604800', text: '7 days' },
  { value: '0', text: 'Not at all: the secret before is known to others' },
];

/** Makes a new secret, and shows it. */
export function RotateSecret({ webhookId, onClose }: { webhookId: string; onClose: () => void }) {
  const [grace, setGrace] = useState('86400');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const [secret, setSecret] = useState<string>();

  const rotate = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const path = `/api/v1/webhooks/${webhookId}/secret/rotate`;
      setSecret((await send<{ secret: string }>('POST', path, { graceSeconds: Number(grace) })).secret);
    } catch (caught) {
      setError(asApiError(caught));
    }
    setBusy(false);
  };

  if (secret !== undefined) return <SecretOnce secret={secret} onClose={onClose} />;
  return (
    <Dialog title="Rotate the signing secret?" onClose={onClose}>
      <div class="dialog-text stack">
        <p>A new secret signs from the next attempt on. During the grace both do, so that receivers can change over.</p>
        <SelectField
          label="The secret before goes on signing for"
          value={grace}
          onChange={setGrace}
          options={graces}
          error={error?.at('/graceSeconds')}
        />
        {error && <ErrorBox error={error} />}
      </div>
      <div class="dialog-actions">
        <Button onClick={onClose}>Keep it as it is</Button>
        <Button kind="primary" busy={busy} onClick={() => void rotate()}>
          Rotate the secret
        </Button>
      </div>
    </Dialog>
  );
}
