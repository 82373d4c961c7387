import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { send, type ApiError } from '../../api';
import { Button, LinkButton } from '../../components/button';
import { TextField } from '../../components/field';
import { Card, Page } from '../../components/page';
import { ErrorBox } from '../../components/states';
import { asApiError } from '../../resource';
import { useToasts } from '../../toasts';
import { JsonField } from './json-field';
import { placed, readJson } from './json-text';
import { hrefOf, type EventType } from './types';

const textOf = (value: unknown) => (value === null ? '' : JSON.stringify(value, null, 2));

/** Makes an event type of the tenant's own, or replaces one. */
export function EventTypeEditor({ type, onEnd }: { type: EventType | null; onEnd: () => void }) {
  const [name, setName] = useState(type?.name ?? '');
  const [description, setDescription] = useState(type?.description ?? '');
  const [schema, setSchema] = useState(textOf(type?.schema ?? null));
  const [example, setExample] = useState(textOf(type?.example ?? null));
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const toasts = useToasts();
  const { route } = useLocation();
  const [readSchema, readExample] = [readJson(schema), readJson(example)];
  const isReadable = 'value' in readSchema && 'value' in readExample;
  // Problems that stand beside their text need not be told twice.
  const others = error?.problems.filter(({ pointer }) => !/^\/(schema|example|name|description)(\/|$)/.test(pointer));

  const save = async () => {
    if (!('value' in readSchema) || !('value' in readExample)) return;
    setBusy(true);
    setError(undefined);
    const body = { description, schema: readSchema.value, example: readExample.value };
    try {
      await send('PUT', `/api/v1/event-types/${encodeURIComponent(name)}`, body);
      toasts.success(
        type ? 'Saved. The next event that is published is judged by it.' : `${name} can be published now.`,
      );
      onEnd();
      if (!type) route(hrefOf(name));
    } catch (caught) {
      setError(asApiError(caught));
      setBusy(false);
    }
  };

  return (
    <Page
      title={type ? `Edit ${type.name}` : 'New event type'}
      parent={{ href: '/console/event-types', text: 'Event types' }}
      description="What your own systems publish. Payloads are judged by its schema; test deliveries have its example."
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Card>
          <div class="form">
            {!type && (
              <TextField
                label="Name"
                mono
                required
                value={name}
                onInput={setName}
                placeholder="invoice.paid"
                hint="Parts of letters, digits and _ between full stops."
                error={error?.at('/name')}
              />
            )}
            <TextField
              label="Description"
              required
              value={description}
              onInput={setDescription}
              error={error?.at('/description')}
            />
            <div class="columns">
              <JsonField
                label="Schema"
                hint="JSON Schema 2020-12 of the payload; empty: every object fits."
                rows={11}
                value={schema}
                onInput={setSchema}
                findings={placed(error?.problems ?? [], 'schema', schema)}
              />
              <JsonField
                label="Example"
                hint="A payload that fits the schema."
                rows={11}
                value={example}
                onInput={setExample}
                findings={placed(error?.problems ?? [], 'example', example)}
              />
            </div>
          </div>
        </Card>
        {error && (error.problems.length === 0 || (others?.length ?? 0) > 0) && <ErrorBox error={error} />}
        <div class="form-actions">
          <Button type="submit" kind="primary" busy={busy} disabled={!isReadable || name === ''}>
            {type ? 'Save' : 'Make the event type'}
          </Button>
          {type ? <Button onClick={onEnd}>Cancel</Button> : <LinkButton href="/console/event-types">Cancel</LinkButton>}
        </div>
      </form>
    </Page>
  );
}
