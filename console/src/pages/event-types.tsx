import { useRoute } from 'preact-iso/router';
import { LinkButton } from '../components/button';
import { Snippet } from '../components/copy';
import { SelectField, TextField } from '../components/field';
import { Card, Page } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { Table } from '../components/table';
import { curlOf } from '../curl';
import { useQuery } from '../query';
import { useSession } from '../session';
import { EventTypeEditor } from './event-types/editor';
import { useCatalogue } from './event-types/catalogue';
import { Origin, ShownEventType } from './event-types/shown';
import { hrefOf, type EventType } from './event-types/types';
import '../styles/shared.css';
import './event-types/event-types.css';

/** A type is named in the query, not in the path: its full stop would look like a file's. */
export function EventTypesPage() {
  const { params, query } = useRoute();
  const { type } = query;
  if (params.name === 'new') return <EventTypeEditor type={null} onEnd={() => undefined} />;
  return type === undefined ? <Catalogue /> : <ShownEventType key={type} name={type} />;
}

function Catalogue() {
  const [query, setQuery] = useQuery();
  const session = useSession();
  const catalogue = useCatalogue();
  const { q = '', of = '' } = query;
  return (
    <Page
      title="Event types"
      description="What can be published and subscribed to: the types of every contract, and your own."
      actions={
        session.may('webhooks:write') && (
          <LinkButton href="/console/event-types/new" kind="primary" icon="plus">
            New event type
          </LinkButton>
        )
      }
    >
      <Card flush>
        <div class="filters of-list" role="search">
          <TextField
            label="Search"
            type="search"
            placeholder="name or description"
            value={q}
            onInput={(text) => setQuery({ q: text }, true)}
          />
          <SelectField
            label="Whose"
            value={of}
            onChange={(value) => setQuery({ of: value }, true)}
            options={[
              { value: '', text: 'All of them' },
              { value: 'own', text: 'Your own' },
              ...['everhook', 'sovrin', 'iceye', 'celcoin', 'tyk'].map((value) => ({
                value,
                text: `Built in: ${value}`,
              })),
            ]}
          />
        </div>
        <Loaded from={catalogue}>
          {(types) => {
            const found = types.filter((type) => matches(type, q, of));
            return found.length === 0 ? (
              <NothingFound isOwn={of === 'own' && q === ''} />
            ) : (
              <>
                <p class="visually-hidden" role="status">
                  {found.length} event types
                </p>
                <Table
                  caption="Event types"
                  rows={found}
                  rowKey={({ name }) => name}
                  rowHref={({ name }) => hrefOf(name)}
                  columns={[
                    { heading: 'Name', cell: ({ name }) => <code class="nowrap">{name}</code> },
                    { heading: 'Whose', cell: (type) => <Origin type={type} /> },
                    { heading: 'Description', cell: ({ description }) => description, optional: true },
                    { heading: 'Schema', cell: ({ schema }) => (schema ? 'yes' : 'any object'), optional: true },
                  ]}
                />
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}

function matches({ name, description, aliases, builtIn, contract }: EventType, q: string, of: string): boolean {
  const isOf = of === '' || (of === 'own' ? !builtIn : builtIn && contract === of);
  const words = q.toLowerCase().split(/\s+/);
  const text = [name, description, ...aliases].join(' ').toLowerCase();
  return isOf && words.every((word) => text.includes(word));
}

function NothingFound({ isOwn }: { isOwn: boolean }) {
  if (!isOwn) return <Empty title="No event type is like that">Search for something else.</Empty>;
  return (
    <Empty title="No event types of your own yet" icon="catalogue">
      <p>
        <a href="/console/event-types/new">Make one here</a>, or by the API:
      </p>
      <Snippet
        text={curlOf('PUT', '/api/v1/event-types/invoice.paid', {
          description: 'An invoice was paid in full.',
          schema: { type: 'object', properties: { invoiceId: { type: 'string' } }, required: ['invoiceId'] },
          example: { invoiceId: 'inv_42' },
        })}
      />
    </Empty>
  );
}
