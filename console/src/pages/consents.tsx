import { consentStatuses } from '../../../src/domain/consent/machine';
import { withQuery } from '../api';
import { Snippet } from '../components/copy';
import { SelectField } from '../components/field';
import { Card, Page } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, Loaded } from '../components/states';
import { Table } from '../components/table';
import { Countdown, Dash, RelativeTime } from '../components/time';
import { curlOf } from '../curl';
import { useQuery } from '../query';
import { useResource } from '../resource';
import { ConsentBadge, consentStatusText } from './consents/badge';
import { shortId, type Consent } from './consents/types';
import '../styles/shared.css';

interface ConsentPage {
  data: Consent[];
  nextCursor: string | null;
}

const anyStatus = { value: '', text: 'Any status' };
const types = [
  { value: '', text: 'Data and payment' },
  { value: 'DATA', text: 'Data' },
  { value: 'PAYMENT', text: 'Payment' },
];

export function ConsentsPage() {
  const [query, setQuery] = useQuery();
  const { status = '', type = '', cursor } = query;
  const page = useResource<ConsentPage>(withQuery('/api/v1/consents', { status, type, cursor }), { everySeconds: 5 });
  const isFiltered = status !== '' || type !== '';
  return (
    <Page
      title="Consents"
      description="Each has a time for its decision and another one to be consumed, 60 and 70 minutes unless configured."
    >
      <Card flush>
        <div class="filters of-list">
          <SelectField
            label="Status"
            value={status}
            onChange={(value) => setQuery({ status: value, cursor: null })}
            options={[
              anyStatus,
              ...consentStatuses.map((value) => ({ value, text: sentence(consentStatusText(value)) })),
            ]}
          />
          <SelectField
            label="Kind"
            value={type}
            onChange={(value) => setQuery({ type: value, cursor: null })}
            options={types}
          />
        </div>
        <Loaded from={page}>
          {({ data, nextCursor }) =>
            data.length === 0 ? (
              <NoConsents isFiltered={isFiltered} />
            ) : (
              <>
                <Table
                  caption="Consents"
                  rows={data}
                  rowKey={({ consentId }) => consentId}
                  rowHref={(consent) => `/console/consents/${shortId(consent)}`}
                  columns={[
                    { heading: 'Consent', cell: (consent) => <code>{shortId(consent)}</code> },
                    { heading: 'Status', cell: (consent) => <ConsentBadge status={consent.status} /> },
                    { heading: 'Time left', cell: timeLeft },
                    { heading: 'Kind', cell: ({ type: kind }) => sentence(kind.toLowerCase()), optional: true },
                    {
                      heading: 'Permissions',
                      cell: ({ permissions }) => permissions.length,
                      numeric: true,
                      optional: true,
                    },
                    { heading: 'Created', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
                  ]}
                />
                <Pager nextCursor={nextCursor} shown={data.length} />
              </>
            )
          }
        </Loaded>
      </Card>
    </Page>
  );
}

const timeLeft = ({ expiresAt }: Consent) =>
  expiresAt === null ? <Dash /> : <Countdown until={expiresAt} over="expiring" />;

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function NoConsents({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No consent is like that">Choose another status or kind.</Empty>;
  return (
    <Empty title="No consents yet" icon="consents">
      <p>Create one, and the webhooks of the Celcoin contract hear of it:</p>
      <Snippet
        text={curlOf('POST', '/api/v1/consents', {
          type: 'DATA',
          loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
          permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
        })}
      />
    </Empty>
  );
}
