import {
  deliveryFailedEvent,
  deliveryFailedType,
  mostNamed,
  operationalEventTypes,
  type FailedDelivery,
} from '../domain/operational-events';
import type { StartableDelivery } from '../domain/delivery-run';
import type { Contract } from '../domain/webhook';
import type { Database } from './database';
import type { EventStore } from './events';

/** A receiver that is down is told of once a minute, however many deliveries fail at it. */
const isDue = `(w.failures_told_at IS NULL OR w.failures_told_at <= now() - interval '1 minute')`;
/** Deliveries that one event counts: a statement that took longer than it may would do so for ever. */
const mostCounted = 100_000;

/**
 * Of one tenant's webhooks, how many one sweep tells of. Where all that a tenant has is down, each event goes to every one of
 * them that wants it: the outage must not feed itself, nor keep other tenants waiting. What is not told of yet is told later,
 * with all that failed until then.
 */
const mostToldOfTenant = 10;

const literals = (texts: readonly string[]) => texts.map((text) => `'${text}'`).join(', ');

/** Every pattern that matches: the name, `delivery.*`, `*`. Such patterns have no other place for a star. */
const subscriptions = literals([deliveryFailedType, 'delivery.*', '*']);

/**
 * Notes what failed for good, for tenants that want to know; a part of the statement that records it. `ended`: a CTE with
 * tenant_id, id, webhook_id, event_id, event_type, status, last_error_class and completed_at of deliveries. Where nothing
 * failed it reads nothing.
 */
export const noteFailures = (ended: string) => `
  INSERT INTO failed_deliveries (tenant_id, delivery_id, webhook_id, event_id, event_type, error_class, failed_at)
  SELECT e.tenant_id, e.id, e.webhook_id, e.event_id, e.event_type, e.last_error_class, e.completed_at
  FROM ${ended} e
  WHERE e.status = 'failed' AND e.event_type NOT IN (${literals(operationalEventTypes)})
    AND EXISTS (SELECT FROM webhooks w
                WHERE w.tenant_id = e.tenant_id AND w.contract = 'everhook' AND NOT w.disabled AND w.deleted_at IS NULL
                  AND w.events && ARRAY[${subscriptions}]::text[])
  ON CONFLICT DO NOTHING`;

/** A webhook with deliveries that its tenant is yet to be told of. */
export interface UntoldWebhook {
  tenantId: string;
  webhookId: string;
}

interface ReportRow {
  count: number;
  until: Date;
  /** The first of them, as JSON. */
  first: (Omit<FailedDelivery, 'failedAt'> & { failedAt: string })[];
  contract: Contract;
  description: string | null;
}

export type FailureReportStore = ReturnType<typeof createFailureReportStore>;

/** What failed and is yet to be told (`delivery.failed`); stored with the failure itself, so nothing of it gets lost. */
export function createFailureReportStore({
  database,
  events,
}: {
  database: Database;
  events: Pick<EventStore, 'publish'>;
}) {
  return {
    /** Webhooks in use that nothing has reached for a minute or longer, of all tenants. */
    async countFailing(): Promise<number> {
      const { rows } = await database.raw<{ rows: { count: number }[] }>(
        `SELECT count(*)::integer AS count FROM webhooks
         WHERE failing_since <= now() - interval '1 minute' AND NOT disabled AND deleted_at IS NULL`,
      );
      return rows[0]?.count ?? 0;
    },

    /** Webhooks whose turn it is, up to `limit`: those that were told of longest ago, or never, come first. */
    async untold(limit: number): Promise<UntoldWebhook[]> {
      const { rows } = await database.raw<{ rows: { tenant_id: string; webhook_id: string }[] }>(
        `WITH RECURSIVE waiting AS (
           (SELECT tenant_id, webhook_id FROM failed_deliveries ORDER BY tenant_id, webhook_id LIMIT 1)
           UNION ALL
           SELECT next.tenant_id, next.webhook_id
           FROM waiting AS before CROSS JOIN LATERAL (
             SELECT tenant_id, webhook_id FROM failed_deliveries
             WHERE (tenant_id, webhook_id) > (before.tenant_id, before.webhook_id)
             ORDER BY tenant_id, webhook_id LIMIT 1
           ) AS next
         )
         SELECT tenant_id, webhook_id
         FROM (
           SELECT waiting.*, w.failures_told_at,
                  row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.failures_told_at NULLS FIRST, w.id) AS place
           FROM waiting JOIN webhooks w ON w.tenant_id = waiting.tenant_id AND w.id = waiting.webhook_id
           WHERE ${isDue}
         ) AS due
         WHERE place <= ?
         ORDER BY failures_told_at NULLS FIRST, place, tenant_id
         LIMIT ?`,
        [mostToldOfTenant, limit],
      );
      return rows.map((row) => ({ tenantId: row.tenant_id, webhookId: row.webhook_id }));
    },

    /**
     * Publishes one event about what failed at a webhook, in the transaction that forgets it. The deliveries of the event
     * are the caller's to start. Null: somebody else tells of it, or just did.
     */
    async tell({ tenantId, webhookId }: UntoldWebhook): Promise<StartableDelivery[] | null> {
      return database.transaction(async (within) => {
        const { rows } = await within.raw<{ rows: ReportRow[] }>(
          `WITH webhook AS MATERIALIZED (
             UPDATE webhooks SET failures_told_at = now()
             WHERE (tenant_id, id) IN (SELECT w.tenant_id, w.id FROM webhooks w
                                       WHERE w.tenant_id = ? AND w.id = ? AND ${isDue} FOR UPDATE SKIP LOCKED)
             RETURNING contract, description
           ), gone AS (
             DELETE FROM failed_deliveries f USING webhook
             WHERE f.tenant_id = ? AND f.webhook_id = ?
               AND f.delivery_id IN (SELECT delivery_id FROM failed_deliveries WHERE tenant_id = ? AND webhook_id = ?
                                     ORDER BY delivery_id LIMIT ?)
             RETURNING f.*
           ), numbered AS (
             SELECT gone.*, row_number() OVER (ORDER BY failed_at, delivery_id) AS place FROM gone
           )
           SELECT counted.*, webhook.contract, webhook.description
           FROM webhook CROSS JOIN (
             SELECT count(*)::integer AS count, max(failed_at) AS until,
                    jsonb_agg(jsonb_build_object('deliveryId', delivery_id, 'eventId', event_id, 'eventType', event_type,
                                                 'errorClass', error_class, 'failedAt', failed_at) ORDER BY place)
                      FILTER (WHERE place <= ?) AS first
             FROM numbered
           ) AS counted
           WHERE counted.count > 0`,
          [tenantId, webhookId, tenantId, webhookId, tenantId, webhookId, mostCounted, mostNamed],
        );
        const [row] = rows;
        const [first, ...more] = (row?.first ?? []).map((one) => ({ ...one, failedAt: new Date(one.failedAt) }));
        if (!row || !first) return null;
        const { contract, description, count, until } = row;
        const deliveries = [first, ...more] as const;
        const event = deliveryFailedEvent({ webhookId, contract, description, count, deliveries, until });
        const { toStart } = await events.publish(tenantId, [event], within);
        return toStart;
      });
    },
  };
}
