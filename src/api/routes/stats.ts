import { LRUCache } from 'lru-cache';
import type { output } from 'zod';
import type { DeliveryTrend, TrendQuery } from '../../store/delivery-trend';
import type { ApiDependencies } from '../dependencies';
import { ApiError } from '../errors/api-error';
import { presentFailing, presentTrend } from '../presenters/stats';
import { route, type Route } from '../route';
import * as schemas from '../schemas/stats';

const tag = 'Statistics';
const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
/** Unless the step is said there are about as many buckets as a chart can show. */
const wantedBuckets = 100;

/** Charts that are looked at by many, or asked for again and again, are made once within so long. */
const rememberedMs = 5_000;

/** Figures of a tenant as a whole; those of one webhook's health are under its own path. */
export function statsRoutes({ deliveryTrend, failingWebhooks }: ApiDependencies): Route[] {
  const trends = new LRUCache<string, DeliveryTrend, { tenantId: string; asked: TrendQuery }>({
    max: 200,
    ttl: rememberedMs,
    fetchMethod: (_key, _stale, { context: { tenantId, asked } }) => deliveryTrend.ofDeliveries(tenantId, asked),
  });

  return [
    route({
      method: 'get',
      path: '/api/v1/stats/deliveries',
      tag,
      operationId: 'getDeliveryTrend',
      summary: 'How deliveries went over time',
      description: '`from` and `to` are widened to whole steps of UTC; the answer says to which.',
      access: 'deliveries:read',
      costly: true,
      query: schemas.trendQuery,
      responses: { 200: { description: 'Counts, success rates and times to delivery', schema: schemas.deliveryTrend } },
      async handle({ caller, query }) {
        const { step, ...range } = rangeOf(query);
        const asked = { ...range, stepMs: schemas.steps[step], ...(query.webhookId && { webhookId: query.webhookId }) };
        const { tenantId } = caller;
        const trend = await trends.forceFetch(JSON.stringify([tenantId, asked]), { context: { tenantId, asked } });
        return { status: 200, body: presentTrend(trend, { ...range, step }) };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/stats/failing',
      tag,
      operationId: 'getFailing',
      summary: 'What fails now, and why',
      access: 'webhooks:read',
      costly: true,
      query: schemas.failingQuery,
      responses: { 200: { description: 'Webhooks that need somebody', schema: schemas.failing } },
      async handle({ caller, query }) {
        const since = new Date(Date.now() - (query.minutes ?? 60) * minuteMs);
        return { status: 200, body: presentFailing(await failingWebhooks.now(caller.tenantId, since), since) };
      },
    }),
  ];
}

/** Whole steps. @throws ApiError 400 when there is nothing between the bounds, or too much */
function rangeOf(query: output<typeof schemas.trendQuery>): { from: Date; to: Date; step: schemas.Step } {
  const to = query.to ?? new Date();
  const from = query.from ?? new Date(Math.max(0, to.getTime() - dayMs));
  if (from >= to) throw refused('from', 'must be before to');
  const length = to.getTime() - from.getTime();
  const fitting = schemas.stepNames.find((name) => length / schemas.steps[name] <= wantedBuckets);
  const step = query.step ?? fitting ?? '1d';
  const stepMs = schemas.steps[step];
  const start = Math.floor(from.getTime() / stepMs);
  const end = Math.ceil(to.getTime() / stepMs);
  if (end - start > schemas.mostBuckets) {
    throw refused('step', `must be so long that there are at most ${schemas.mostBuckets} of them`);
  }
  return { from: new Date(start * stepMs), to: new Date(end * stepMs), step };
}

const refused = (name: string, message: string) =>
  new ApiError('validation-failed', 'The query is not valid.', {
    issues: [{ path: [name], message }],
    source: 'query',
  });
