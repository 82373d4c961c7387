import type { WebhookReport } from '../../store/webhook-reports';
import type { ApiDependencies } from '../dependencies';
import { route, type Route } from '../route';
import { webhookReports, webhookReportsQuery, type ShownWebhookReports } from '../schemas/webhook-report';

const dayMs = 24 * 60 * 60 * 1000;

export function webhookReportRoutes({ deliveryStats }: Pick<ApiDependencies, 'deliveryStats'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/stats/webhooks',
      tag: 'Webhooks',
      operationId: 'listWebhookReports',
      summary: 'How every webhook is: all of them in one answer',
      access: 'webhooks:read',
      query: webhookReportsQuery,
      responses: { 200: { description: 'One report a webhook, newest first', schema: webhookReports } },
      async handle({ caller, query }) {
        const since = query.since ?? new Date(Date.now() - dayMs);
        const reports = await deliveryStats.ofWebhooks(caller.tenantId, since);
        return { status: 200, body: { since: since.toISOString(), data: reports.map(present) } };
      },
    }),
  ];
}

function present(report: WebhookReport): ShownWebhookReports['data'][number] {
  const { webhookId, deliveries, lastFailure, failingSince, disabled } = report;
  const ended = deliveries.delivered + deliveries.failed;
  return {
    webhookId,
    deliveries,
    successRate: ended === 0 ? null : deliveries.delivered / ended,
    lastFailure: lastFailure && { ...lastFailure, at: lastFailure.at.toISOString() },
    failingSince: failingSince?.toISOString() ?? null,
    disabled: disabled && { by: disabled.by, at: disabled.at.toISOString() },
  };
}
