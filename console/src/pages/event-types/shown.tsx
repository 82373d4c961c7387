import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { send } from '../../api';
import { StatusBadge } from '../../components/badge';
import { Button, LinkButton } from '../../components/button';
import { useConfirm } from '../../components/confirm';
import { Copyable, Snippet } from '../../components/copy';
import { Facts } from '../../components/facts';
import { Json } from '../../components/json';
import { Card, Page } from '../../components/page';
import { Loaded } from '../../components/states';
import { Time } from '../../components/time';
import { curlOf } from '../../curl';
import { useResource } from '../../resource';
import { useSession } from '../../session';
import { useToasts } from '../../toasts';
import { EventTypeEditor } from './editor';
import type { EventType } from './types';

/** One type of the catalogue: what its payloads are, an example, and how to publish one. */
export function ShownEventType({ name }: { name: string }) {
  const [editing, setEditing] = useState(false);
  const type = useResource<EventType>(`/api/v1/event-types/${encodeURIComponent(name)}`);
  const { data } = type;
  if (editing && data) {
    return (
      <EventTypeEditor
        type={data}
        onEnd={() => {
          setEditing(false);
          type.refresh();
        }}
      />
    );
  }
  return (
    <Page
      title={name}
      heading={
        <>
          <code>{name}</code> {data && <Origin type={data} />}
        </>
      }
      parent={{ href: '/console/event-types', text: 'Event types' }}
      description={data?.description}
      actions={data && <Actions type={data} onEdit={() => setEditing(true)} />}
    >
      <Loaded from={type}>
        {(shown) => (
          <>
            <div class="columns">
              <Card title="Example">
                {shown.example ? <Json value={shown.example} label="the example" /> : <p class="faint">It has none.</p>}
              </Card>
              <Card title="Schema of the payload">
                {shown.schema ? (
                  <Json value={shown.schema} label="the schema" />
                ) : (
                  <p class="faint">It has none: every object fits.</p>
                )}
              </Card>
            </div>
            <Card title="Publish one">
              <Snippet text={curlOf('POST', '/api/v1/events', { type: shown.name, payload: shown.example ?? {} })} />
            </Card>
            {!shown.builtIn && (
              <Card title="Details">
                <Facts
                  facts={[
                    ['Made', <Time at={shown.createdAt} />],
                    ['Changed', <Time at={shown.updatedAt} />],
                  ]}
                />
              </Card>
            )}
            {shown.aliases.length > 0 && (
              <Card title="Other spellings">
                {shown.aliases.map((alias) => (
                  <Copyable key={alias} text={alias} what="the spelling" />
                ))}
              </Card>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** Whose it is. */
export function Origin({ type }: { type: EventType }) {
  return type.builtIn ? (
    <StatusBadge status="built-in" icon="book" text={`built in: ${type.contract}`} />
  ) : (
    <StatusBadge status="own" tone="good" icon="check" text="your own" />
  );
}

function Actions({ type, onEdit }: { type: EventType; onEdit: () => void }) {
  const session = useSession();
  const confirm = useConfirm();
  const toasts = useToasts();
  const { route } = useLocation();
  const deliveries = (
    <LinkButton href={`/console/deliveries?eventType=${encodeURIComponent(type.name)}`}>Its deliveries</LinkButton>
  );
  if (type.builtIn || !session.may('webhooks:write')) return deliveries;

  const remove = async () => {
    const isSure = await confirm({
      title: `Delete ${type.name}?`,
      text: 'It can’t be published or subscribed to any more. Events that were published are still delivered.',
      action: 'Delete the event type',
      danger: true,
    });
    if (!isSure) return;
    try {
      await send('DELETE', `/api/v1/event-types/${encodeURIComponent(type.name)}`);
      toasts.success('Deleted.');
      route('/console/event-types');
    } catch (error) {
      toasts.error(error);
    }
  };

  return (
    <>
      {deliveries}
      <Button onClick={onEdit}>Edit</Button>
      <Button kind="danger" onClick={() => void remove()}>
        Delete
      </Button>
    </>
  );
}
