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
const tellEvery = '1 minute';

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

interface DueRow {
  tenant_id: string;
  webhook_id: string;
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
  /** One webhook's, in one transaction; nothing when another sweep is at it. */
  async function tell({ tenant_id: tenantId, webhook_id: webhookId }: DueRow): Promise<StartableDelivery[]> {
    return database.transaction(async (within) => {
      const { rows } = await within.raw<{ rows: ReportRow[] }>(
        `WITH webhook AS MATERIALIZED (
           UPDATE webhooks SET failures_told_at = now()
           WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM webhooks WHERE tenant_id = ? AND id = ? FOR UPDATE SKIP LOCKED)
           RETURNING contract, description
         ), gone AS (
           DELETE FROM failed_deliveries f USING webhook WHERE f.tenant_id = ? AND f.webhook_id = ? RETURNING f.*
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
        [tenantId, webhookId, tenantId, webhookId, mostNamed],
      );
      const [row] = rows;
      const [first, ...more] = (row?.first ?? []).map((one) => ({ ...one, failedAt: new Date(one.failedAt) }));
      if (!row || !first) return [];
      const { contract, description, count, until } = row;
      const event = deliveryFailedEvent({
        webhookId,
        contract,
        description,
        count,
        deliveries: [first, ...more],
        until,
      });
      const { toStart } = await events.publish(tenantId, [event], within);
      return toStart;
    });
  }

  return {
    /** Webhooks in use that nothing has reached for a minute or longer, of all tenants. */
    async countFailing(): Promise<number> {
      const { rows } = await database.raw<{ rows: { count: number }[] }>(
        `SELECT count(*)::integer AS count FROM webhooks
         WHERE failing_since <= now() - interval '1 minute' AND NOT disabled AND deleted_at IS NULL`,
      );
      return rows[0]?.count ?? 0;
    },

    /** Publishes an event for each webhook, up to `limit`, whose turn it is. The deliveries are the caller's to start. */
    async tellFailures(limit: number): Promise<StartableDelivery[]> {
      const { rows } = await database.raw<{ rows: DueRow[] }>(
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
           SELECT waiting.*,
                  row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.failures_told_at NULLS FIRST, w.id) AS place
           FROM waiting JOIN webhooks w ON w.tenant_id = waiting.tenant_id AND w.id = waiting.webhook_id
           WHERE w.failures_told_at IS NULL OR w.failures_told_at <= now() - interval '${tellEvery}'
         ) AS due
         WHERE place <= ?
         ORDER BY place, tenant_id
         LIMIT ?`,
        [mostToldOfTenant, limit],
      );
      const toStart: StartableDelivery[] = [];
      for (const due of rows) toStart.push(...(await tell(due)));
      return toStart;
    },
  };
}
