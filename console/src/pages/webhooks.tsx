import { useMemo } from 'preact/hooks';
import { withQuery } from '../api';
import { LinkButton } from '../components/button';
import { Snippet } from '../components/copy';
import { SelectField } from '../components/field';
import { Card, Page } from '../components/page';
import { Pager } from '../components/pager';
import { Empty, Loaded } from '../components/states';
import { Table } from '../components/table';
import { curlOf } from '../curl';
import { useQuery } from '../query';
import { useResource } from '../resource';
import { useSession } from '../session';
import { contractTexts, nameOf } from './webhooks/contracts';
import { LastFailure, SuccessRate, WebhookBadge } from './webhooks/health';
import type { Report, Reports, Webhook, WebhookPage } from './webhooks/types';
import '../styles/shared.css';
import './webhooks/webhooks.css';

export function WebhooksPage() {
  const [query, setQuery] = useQuery();
  const { contract = '', disabled = '', cursor } = query;
  const session = useSession();
  const page = useResource<WebhookPage>(withQuery('/api/v1/webhooks', { contract, disabled, cursor }), {
    everySeconds: 10,
  });
  const reports = useResource<Reports>('/api/v1/stats/webhooks', { everySeconds: 10 });
  const reportOf = useMemo(() => {
    const byId = new Map<string, Report>(reports.data?.data.map((report) => [report.webhookId, report]));
    return ({ id }: Webhook) => byId.get(id);
  }, [reports.data]);
  const isFiltered = contract !== '' || disabled !== '';

  return (
    <Page
      title="Webhooks"
      description="Of every contract, with how they did in the last 24 hours."
      actions={
        session.may('webhooks:write') && (
          <LinkButton href="/console/webhooks/new" kind="primary" icon="plus">
            New webhook
          </LinkButton>
        )
      }
    >
      <Card flush>
        <div class="filters of-list">
          <SelectField
            label="Contract"
            value={contract}
            onChange={(value) => setQuery({ contract: value, cursor: null })}
            options={[
              { value: '', text: 'Every contract' },
              ...Object.entries(contractTexts).map(([value, { name }]) => ({ value, text: name })),
            ]}
          />
          <SelectField
            label="Status"
            value={disabled}
            onChange={(value) => setQuery({ disabled: value, cursor: null })}
            options={[
              { value: '', text: 'Enabled and disabled' },
              { value: 'false', text: 'Enabled' },
              { value: 'true', text: 'Disabled' },
            ]}
          />
        </div>
        <Loaded from={page}>
          {({ data, nextCursor }) =>
            data.length === 0 ? (
              <NoWebhooks isFiltered={isFiltered} />
            ) : (
              <>
                <Table
                  caption="Webhooks"
                  rows={data}
                  rowKey={({ id }) => id}
                  rowHref={({ id }) => `/console/webhooks/${id}`}
                  columns={[
                    { heading: 'Webhook', cell: nameCell },
                    { heading: 'Status', cell: (one) => <WebhookBadge webhook={one} report={reportOf(one)} /> },
                    { heading: 'Success', cell: (one) => <SuccessRate report={reportOf(one)} /> },
                    { heading: 'Last failure', cell: (one) => <LastFailure report={reportOf(one)} />, optional: true },
                    { heading: 'Pending', cell: (one) => reportOf(one)?.deliveries.pending ?? 0, numeric: true },
                    { heading: 'Contract', cell: (one) => contractTexts[one.contract].name, optional: true },
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

function nameCell(webhook: Webhook) {
  return (
    <span class="webhook-name">
      <span>{nameOf(webhook)}</span>
      <code>{webhook.targetUrl}</code>
    </span>
  );
}

function NoWebhooks({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No webhook is like that">Choose another contract or status.</Empty>;
  return (
    <Empty title="No webhooks yet" icon="webhooks">
      <p>
        A webhook says where events go. <a href="/console/webhooks/new">Register one here</a>, or by the API:
      </p>
      <Snippet
        text={curlOf('POST', '/api/v1/webhooks', { targetUrl: 'https://example.com/hooks', events: ['everhook.test'] })}
      />
    </Empty>
  );
}
