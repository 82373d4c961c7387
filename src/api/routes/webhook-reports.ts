import { LRUCache } from 'lru-cache';
import type { WebhookReport } from '../../store/webhook-reports';
import type { ApiDependencies } from '../dependencies';
import { route, type Route } from '../route';
import { webhookReports, webhookReportsQuery, type ShownWebhookReports } from '../schemas/webhook-report';

const dayMs = 24 * 60 * 60 * 1000;
/** The last day begins anew so often, so that who asks within it asks for the same. */
const sinceEveryMs = 5_000;
/** An answer that took long is remembered for so many times as long: asking again and again must not keep PostgreSQL busy. */
const rememberedTimes = 20;
const longMs = 500;
const longestRememberedMs = 60_000;

export function webhookReportRoutes({ deliveryStats }: Pick<ApiDependencies, 'deliveryStats'>): Route[] {
  const reports = new LRUCache<string, WebhookReport[], { tenantId: string; since: Date }>({
    max: 200,
    async fetchMethod(_key, _stale, { context: { tenantId, since }, options }) {
      const began = performance.now();
      const made = await deliveryStats.ofWebhooks(tenantId, since);
      const tookMs = performance.now() - began;
      options.ttl = tookMs < longMs ? 1 : Math.min(longestRememberedMs, tookMs * rememberedTimes);
      return made;
    },
  });

  return [
    route({
      method: 'get',
      path: '/api/v1/stats/webhooks',
      tag: 'Webhooks',
      operationId: 'listWebhookReports',
      summary: 'How every webhook is: all of them in one answer',
      access: 'webhooks:read',
      costly: true,
      query: webhookReportsQuery,
      responses: { 200: { description: 'One report a webhook, newest first', schema: webhookReports } },
      async handle({ caller, query }) {
        const { tenantId } = caller;
        const since = query.since ?? new Date(Math.floor(Date.now() / sinceEveryMs) * sinceEveryMs - dayMs);
        const made = await reports.forceFetch(`${tenantId}|${since.getTime()}`, { context: { tenantId, since } });
        return { status: 200, body: { since: since.toISOString(), data: made.map(present) } };
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
