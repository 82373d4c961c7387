import { useRoute } from 'preact-iso/router';
import { LinkButton } from '../components/button';
import { Copyable } from '../components/copy';
import { Facts } from '../components/facts';
import { Card, Page } from '../components/page';
import { Empty, Loaded } from '../components/states';
import { Dash, Time } from '../components/time';
import { useResource } from '../resource';
import { CredentialBadge, credentialStatuses } from './credentials/badge';
import { SagaRun } from './credentials/runs';
import { runsOf } from './credentials/saga';
import type { Credential } from './credentials/types';
import '../styles/shared.css';
import './credentials/credentials.css';

export function CredentialPage() {
  const { params } = useRoute();
  const credential = useResource<Credential>(`/api/v1/credentials/${encodeURIComponent(params.id ?? '')}`, {
    everySeconds: 3,
  });
  const { data } = credential;
  return (
    <Page
      title={data?.appName ?? 'Credential'}
      heading={
        <>
          {data?.appName ?? 'Credential'} {data && <CredentialBadge status={data.status} />}
        </>
      }
      parent={{ href: '/console/credentials', text: 'Credentials' }}
      description={data && credentialStatuses[data.status].means}
      actions={
        data?.temporalUrl && (
          <LinkButton href={data.temporalUrl} icon="external" external>
            Open in Temporal
          </LinkButton>
        )
      }
    >
      <Loaded from={credential}>
        {(shown) => (
          <>
            <Card title="Steps in AWS">
              {shown.steps.length === 0 && (
                <Empty title="No step has been taken" icon="clock">
                  <p>They appear here as soon as a worker takes it up.</p>
                </Empty>
              )}
              {/* The newest is what one looks for. */}
              {runsOf(shown.steps)
                .map((run, index) => <SagaRun key={index} run={run} number={index + 1} />)
                .reverse()}
            </Card>
            <Card title="Details">
              <Facts
                facts={[
                  ['Kind', shown.credentialType === 'API_KEY' ? 'API key' : 'App client'],
                  shown.credentialType === 'API_KEY'
                    ? ['API key id', idOf(shown.apiKeyId, 'the API key id')]
                    : ['Client id', idOf(shown.clientId, 'the client id')],
                  ['Developer', shown.developer],
                  ['App slug', shown.appSlug ?? <Dash />],
                  ['Usage plans', listOf(shown.usagePlans)],
                  shown.scopes ? ['Scopes', listOf(shown.scopes)] : null,
                  ['Created', <Time at={shown.createdAt} />],
                  ['Changed', <Time at={shown.updatedAt} />],
                  ['Workflow', <Copyable text={shown.workflowId} what="the workflow id" />],
                ]}
              />
              <p class="hint">The key and the secret are never shown here: only AWS keeps them.</p>
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

const idOf = (id: string | null | undefined, what: string) =>
  id ? <Copyable text={id} what={what} /> : <span class="faint">not made</span>;

const listOf = (names: readonly string[]) =>
  names.length === 0 ? (
    <Dash />
  ) : (
    <ul class="tags">
      {names.map((name) => (
        <li key={name}>
          <code>{name}</code>
        </li>
      ))}
    </ul>
  );
