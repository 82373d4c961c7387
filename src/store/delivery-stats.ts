import type { DeliveryStatus } from '../domain/delivery';
import { smallestIdAt } from '../domain/ids';
import type { Database } from './database';
import { readWebhookReports, type WebhookReport } from './webhook-reports';

/** How the deliveries of a webhook went. */
export interface DeliveryStats {
  deliveries: Record<DeliveryStatus, number>;
  /** Milliseconds that attempts took; null when there was none. */
  durationMs: { p50: number | null; p95: number | null; p99: number | null };
}

export type DeliveryStatsStore = ReturnType<typeof createDeliveryStatsStore>;

export function createDeliveryStatsStore(database: Database) {
  return {
    /** Every webhook of a tenant, newest first; of deliveries made at `since` or later. */
    ofWebhooks: (tenantId: string, since: Date): Promise<WebhookReport[]> =>
      readWebhookReports(tenantId, since, database),

    /** Of deliveries made at `since` or later. */
    async ofWebhook(tenantId: string, webhookId: string, since: Date): Promise<DeliveryStats> {
      const { rows } = await database.raw<{
        rows: (DeliveryStats['deliveries'] & { percentiles: number[] | null })[];
      }>(
        `WITH made AS (
           SELECT id, status FROM deliveries WHERE tenant_id = ? AND webhook_id = ? AND id >= ?
         )
         SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
                count(*) FILTER (WHERE status = 'delivered') AS delivered,
                count(*) FILTER (WHERE status = 'failed') AS failed,
                count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
                (SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY a.duration_ms)
                 FROM attempts a JOIN made ON made.id = a.delivery_id
                 WHERE a.tenant_id = ? AND a.delivery_id >= ?) AS percentiles
         FROM made`,
        [tenantId, webhookId, smallestIdAt(since), tenantId, smallestIdAt(since)],
      );
      const [row] = rows;
      if (!row) throw new Error('a count returned no row');
      const { percentiles, ...deliveries } = row;
      const [p50 = null, p95 = null, p99 = null] = percentiles ?? [];
      return { deliveries, durationMs: { p50, p95, p99 } };
    },
  };
}
