import type { DeliveryStatus, ErrorClass } from '../domain/delivery';
import { smallestIdAt } from '../domain/ids';
import type { Database } from './database';

/** How a webhook is: what became of its deliveries lately, and why it is silent. */
export interface WebhookReport {
  webhookId: string;
  deliveries: Record<DeliveryStatus, number>;
  /** The newest delivery whose last attempt failed, whatever became of it since. */
  lastFailure: { deliveryId: string; errorClass: ErrorClass; at: Date } | null;
  /** Since when nothing has reached it; null: the last attempt did, or there was none. */
  failingSince: Date | null;
  /** When and by whom it was disabled; null: it is enabled, or was registered like that. */
  disabled: { by: 'worker' | 'caller'; at: Date } | null;
}

interface ReportRow extends Record<DeliveryStatus, number> {
  id: string;
  failing_since: Date | null;
  last_failed: string | null;
  last_error_class: ErrorClass | null;
  last_failed_at: Date | null;
  disabled_action: string | null;
  disabled_at: Date | null;
}

/**
 * Every webhook that a tenant has, in one statement; of deliveries made at `since` or later.
 * The audit log is asked for those that are disabled only: it is found by action there, not by object.
 */
export async function readWebhookReports(tenantId: string, since: Date, database: Database): Promise<WebhookReport[]> {
  const { rows } = await database.raw<{ rows: ReportRow[] }>(
    `WITH made AS (
       SELECT webhook_id,
              count(*) FILTER (WHERE status = 'pending') AS pending,
              count(*) FILTER (WHERE status = 'delivered') AS delivered,
              count(*) FILTER (WHERE status = 'failed') AS failed,
              count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
              max(id::text) FILTER (WHERE last_error_class IS NOT NULL) AS last_failed
       FROM deliveries WHERE tenant_id = ? AND id >= ? GROUP BY webhook_id
     )
     SELECT w.id, w.failing_since,
            coalesce(m.pending, 0) AS pending, coalesce(m.delivered, 0) AS delivered,
            coalesce(m.failed, 0) AS failed, coalesce(m.cancelled, 0) AS cancelled,
            m.last_failed, d.last_error_class, coalesce(d.completed_at, d.created_at) AS last_failed_at,
            a.action AS disabled_action, a.at AS disabled_at
     FROM webhooks w
     LEFT JOIN made m ON m.webhook_id = w.id
     LEFT JOIN deliveries d ON d.tenant_id = w.tenant_id AND d.id = m.last_failed::uuid
     LEFT JOIN LATERAL (
       SELECT action, at FROM audit
       WHERE tenant_id = w.tenant_id AND object_id = w.id::text AND 'disabled' = ANY (fields)
         AND action IN ('webhook.update', 'webhook.disable_failing')
       ORDER BY id DESC LIMIT 1
     ) a ON w.disabled
     WHERE w.tenant_id = ? AND w.deleted_at IS NULL
     ORDER BY w.id DESC`,
    [tenantId, smallestIdAt(since), tenantId],
  );
  return rows.map((row) => ({
    webhookId: row.id,
    deliveries: {
      pending: Number(row.pending),
      delivered: Number(row.delivered),
      failed: Number(row.failed),
      cancelled: Number(row.cancelled),
    },
    lastFailure:
      row.last_failed && row.last_error_class && row.last_failed_at
        ? { deliveryId: row.last_failed, errorClass: row.last_error_class, at: row.last_failed_at }
        : null,
    failingSince: row.failing_since,
    disabled: row.disabled_at && {
      by: row.disabled_action === 'webhook.disable_failing' ? 'worker' : 'caller',
      at: row.disabled_at,
    },
  }));
}
