import type { DeliveryStatus } from '../domain/delivery';
import { smallestIdAt } from '../domain/ids';
import type { Database } from './database';

/** How the deliveries that were made within a time went. */
export interface DeliveryOutcomes {
  deliveries: Record<DeliveryStatus, number>;
  /** HTTP exchanges that were made for them. */
  attempts: number;
  /** Milliseconds from publishing to the answer that delivered it, of a sample; null when there is none. */
  timeToDeliveryMs: { p50: number | null; p95: number | null };
}

export interface DeliveryTrend {
  /** One after the other, without gaps. */
  buckets: (DeliveryOutcomes & { from: Date })[];
  total: DeliveryOutcomes;
}

/** Bounds are whole steps from each other; `webhookId`: of this one only. */
export interface TrendQuery {
  from: Date;
  to: Date;
  stepMs: number;
  webhookId?: string;
}

/** The sample of a bucket is taken at so many places of its time, so many rows at each. */
const places = 8;
const rowsAtPlace = 50;

interface BucketRow extends Record<DeliveryStatus, number> {
  attempts: number;
  p50: number | null;
  p95: number | null;
  total_p50: number | null;
  total_p95: number | null;
}

export type DeliveryTrendStore = ReturnType<typeof createDeliveryTrendStore>;

/**
 * Counts are of index entries between the ids that bound a bucket: no row is read for them, and none is grouped. Times
 * need rows, which is why they are of a sample.
 */
export function createDeliveryTrendStore(database: Database) {
  return {
    async ofDeliveries(tenantId: string, { from, to, stepMs, webhookId }: TrendQuery): Promise<DeliveryTrend> {
      const starts = instants(from, to, stepMs);
      const slices = instants(from, to, stepMs / places);
      const [lower, upper] = idBoundsOf(starts, to);
      const [sliceLower, sliceUpper] = idBoundsOf(slices, to);
      const { rows } = await database.raw<{ rows: BucketRow[] }>(
        webhookId === undefined ? trendOfAll : trendOfWebhook,
        {
          tenantId,
          lower,
          upper,
          slices: slices.map((_, index) => Math.floor(index / places) + 1),
          sliceLower,
          sliceUpper,
          rowsAtPlace,
          ...(webhookId !== undefined && { webhookId, first: lower[0] ?? '', last: upper.at(-1) ?? '' }),
        },
      );
      const buckets = rows.map((row, index) => ({ from: starts[index] ?? from, ...toOutcomes(row) }));
      const percentiles = { p50: rows[0]?.total_p50 ?? null, p95: rows[0]?.total_p95 ?? null };
      return { buckets, total: { ...sumOf(buckets), timeToDeliveryMs: percentiles } };
    },
  };
}

function instants(from: Date, to: Date, stepMs: number): Date[] {
  const count = Math.round((to.getTime() - from.getTime()) / stepMs);
  return Array.from({ length: count }, (_, index) => new Date(Math.round(from.getTime() + index * stepMs)));
}

/** The ids between which each of the times from `starts` to the next lies. */
function idBoundsOf(starts: readonly Date[], end: Date): [lower: string[], upper: string[]] {
  const ids = [...starts, end].map(smallestIdAt);
  return [ids.slice(0, -1), ids.slice(1)];
}

const toOutcomes = ({ pending, delivered, failed, cancelled, attempts, p50, p95 }: BucketRow): DeliveryOutcomes => ({
  deliveries: { pending, delivered, failed, cancelled },
  attempts,
  timeToDeliveryMs: { p50, p95 },
});

function sumOf(all: readonly DeliveryOutcomes[]): Omit<DeliveryOutcomes, 'timeToDeliveryMs'> {
  const deliveries = { pending: 0, delivered: 0, failed: 0, cancelled: 0 };
  let attempts = 0;
  for (const one of all) {
    for (const status of Object.keys(deliveries) as DeliveryStatus[]) deliveries[status] += one.deliveries[status];
    attempts += one.attempts;
  }
  return { deliveries, attempts };
}

const countOf = (status: DeliveryStatus) => `
  (SELECT count(*) FROM deliveries d
   WHERE d.tenant_id = :tenantId AND d.status = '${status}' AND d.id >= b.lower AND d.id < b.upper) AS ${status}`;

const countsOfAll = `
  SELECT b.number, ${countOf('pending')}, ${countOf('delivered')}, ${countOf('failed')}, ${countOf('cancelled')},
    (SELECT count(*) FROM attempts a
     WHERE a.tenant_id = :tenantId AND a.delivery_id >= b.lower AND a.delivery_id < b.upper) AS attempts
  FROM buckets b`;

/** One pass over its deliveries, and one over the attempts of that time: asking for each delivery's would take far longer. */
const countsOfWebhook = `
  SELECT b.number, coalesce(d.pending, 0) AS pending, coalesce(d.delivered, 0) AS delivered,
         coalesce(d.failed, 0) AS failed, coalesce(d.cancelled, 0) AS cancelled, coalesce(a.attempts, 0) AS attempts
  FROM buckets b
  LEFT JOIN (
    SELECT number, count(*) FILTER (WHERE status = 'pending') AS pending,
           count(*) FILTER (WHERE status = 'delivered') AS delivered,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           count(*) FILTER (WHERE status = 'cancelled') AS cancelled
    FROM made GROUP BY number
  ) d USING (number)
  LEFT JOIN (
    SELECT made.number, count(*) AS attempts
    FROM made JOIN attempts a ON a.delivery_id = made.id
    WHERE a.tenant_id = :tenantId AND a.delivery_id >= :first AND a.delivery_id < :last
    GROUP BY made.number
  ) a USING (number)`;

const madeForWebhook = `, made AS MATERIALIZED (
    SELECT b.number, d.id, d.status
    FROM buckets b CROSS JOIN LATERAL (
      SELECT id, status FROM deliveries
      WHERE tenant_id = :tenantId AND webhook_id = :webhookId AND id >= b.lower AND id < b.upper
    ) d
  )`;

/** The percentiles of all count a row for as many as it stands for in its bucket. */
const trend = (counts: string, sampled: string, before = '') => `
  WITH buckets AS (
    SELECT * FROM unnest(:lower::uuid[], :upper::uuid[]) WITH ORDINALITY AS b (lower, upper, number)
  )${before}, counts AS MATERIALIZED (${counts}
  ), sample AS MATERIALIZED (
    SELECT s.number, greatest(0, round(extract(epoch FROM d.completed_at - d.created_at) * 1000))::integer AS ms
    FROM unnest(:slices::integer[], :sliceLower::uuid[], :sliceUpper::uuid[]) AS s (number, lower, upper)
    CROSS JOIN LATERAL (
      SELECT completed_at, created_at FROM deliveries
      WHERE tenant_id = :tenantId AND ${sampled} AND id >= s.lower AND id < s.upper
      ORDER BY id DESC LIMIT :rowsAtPlace
    ) d
  ), percentiles AS (
    SELECT number, percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ms) AS ms, count(*) AS taken
    FROM sample GROUP BY number
  ), cumulated AS (
    SELECT s.ms, sum(c.delivered::float8 / p.taken) OVER (ORDER BY s.ms) AS reached,
           sum(c.delivered::float8 / p.taken) OVER () AS all_of_them
    FROM sample s JOIN percentiles p USING (number) JOIN counts c USING (number)
  )
  SELECT c.pending, c.delivered, c.failed, c.cancelled, c.attempts, p.ms[1] AS p50, p.ms[2] AS p95,
         (SELECT min(ms) FROM cumulated WHERE reached >= all_of_them * 0.5 - 1e-6) AS total_p50,
         (SELECT min(ms) FROM cumulated WHERE reached >= all_of_them * 0.95 - 1e-6) AS total_p95
  FROM counts c LEFT JOIN percentiles p USING (number)
  ORDER BY c.number`;

const trendOfAll = trend(countsOfAll, `status = 'delivered'`);
const trendOfWebhook = trend(countsOfWebhook, `webhook_id = :webhookId AND status = 'delivered'`, madeForWebhook);
