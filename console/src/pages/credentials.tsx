import { withQuery } from '../api';
import { Snippet } from '../components/copy';
import { SelectField } from '../components/field';
import { Card, Page } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, Loaded } from '../components/states';
import { Table } from '../components/table';
import { RelativeTime } from '../components/time';
import { useQuery } from '../query';
import { useResource } from '../resource';
import { CredentialBadge, credentialStatuses } from './credentials/badge';
import { runsOf } from './credentials/saga';
import type { Credential } from './credentials/types';
import '../styles/shared.css';

interface CredentialPage {
  data: Credential[];
  nextCursor: string | null;
}

const kinds = { API_KEY: 'API key', CLIENT_CREDENTIALS: 'App client' };

export function CredentialsPage() {
  const [query, setQuery] = useQuery();
  const { status = '', credentialType = '', cursor } = query;
  const path = withQuery('/api/v1/credentials', { status, credentialType, cursor });
  const page = useResource<CredentialPage>(path, { everySeconds: 5 });
  const isFiltered = status !== '' || credentialType !== '';
  return (
    <Page
      title="Credentials"
      description="API keys and app clients in AWS, made for the Sensedia portal. Each is a saga: what fails half-way is taken back."
    >
      <Card flush>
        <div class="filters of-list">
          <SelectField
            label="Status"
            value={status}
            onChange={(value) => setQuery({ status: value, cursor: null })}
            options={[
              { value: '', text: 'Any status' },
              ...Object.entries(credentialStatuses).map(([value, { text }]) => ({ value, text: sentence(text) })),
            ]}
          />
          <SelectField
            label="Kind"
            value={credentialType}
            onChange={(value) => setQuery({ credentialType: value, cursor: null })}
            options={[
              { value: '', text: 'Both kinds' },
              ...Object.entries(kinds).map(([value, text]) => ({ value, text })),
            ]}
          />
        </div>
        <Loaded from={page}>
          {({ data, nextCursor }) =>
            data.length === 0 ? (
              <NoCredentials isFiltered={isFiltered} />
            ) : (
              <>
                <Table
                  caption="Credentials"
                  rows={data}
                  rowKey={({ id }) => id}
                  rowHref={({ id }) => `/console/credentials/${id}`}
                  columns={[
                    { heading: 'App', cell: ({ appName }) => appName },
                    { heading: 'Status', cell: ({ status: now }) => <CredentialBadge status={now} /> },
                    { heading: 'Kind', cell: ({ credentialType: kind }) => kinds[kind], optional: true },
                    { heading: 'Developer', cell: ({ developer }) => developer, optional: true },
                    { heading: 'Last operation', cell: lastOperation, optional: true },
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

/** What was done to it last, and where that failed. */
function lastOperation({ steps }: Credential) {
  const run = runsOf(steps).at(-1);
  if (!run) return <span class="faint">not begun</span>;
  return run.failedAt ? `${run.operation}: failed at “${run.failedAt.text}”` : `${run.operation}: ${run.outcome}`;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function NoCredentials({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No credential is like that">Choose another status or kind.</Empty>;
  return (
    <Empty title="No credentials yet" icon="credentials">
      <p>The Sensedia portal makes them. Set up its side of the tenant once:</p>
      <Snippet
        text={`everhook sensedia configure --tenant TENANT \\\n  --username portal --password-stdin --credential-type API_KEY`}
      />
      <p>Then it, or you in its place, asks for one:</p>
      <Snippet
        text={[
          `curl -u portal:PASSWORD ${location.origin}/v1/createCredentials \\`,
          `  -H 'Content-Type: application/json' \\`,
          `  -d '{"appName": "my app", "developer": "dev@example.com",`,
          `       "apis": [{"id": "API_ID", "usagePlans": [{"id": "PLAN_ID"}]}]}'`,
        ].join('\n')}
      />
    </Empty>
  );
}
