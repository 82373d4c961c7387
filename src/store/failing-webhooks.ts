import type { ErrorClass } from '../domain/delivery';
import { smallestIdAt } from '../domain/ids';
import type { Contract } from '../domain/webhook';
import type { Database } from './database';

/** A webhook that deliveries do not reach, or that gets none. */
export interface FailingWebhook {
  webhookId: string;
  contract: Contract;
  targetUrl: string;
  description: string | null;
  disabled: boolean;
  /** Of the first attempt that failed since the last that succeeded; null: the last one succeeded, or there was none. */
  failingSince: Date | null;
  /** Deliveries that have failed for good. */
  failed: number;
  /** Deliveries whose last attempt failed and that will be tried again. */
  retrying: number;
  /** Those of both, by the class of their last error, most frequent first. */
  errors: { errorClass: ErrorClass; count: number }[];
  /** The last attempt of the newest of them. */
  last: { deliveryId: string; at: Date; statusCode: number | null; errorClass: ErrorClass } | null;
}

export interface Failing {
  webhooks: FailingWebhook[];
  /** Deliveries that are not finished, counted up to {@link mostCounted}. */
  pending: { count: number; oldestAt: Date | null };
}

/** More are not counted: by then it is clear that something is wrong, and who asks should not wait. */
export const mostCounted = 10_000;
const mostWebhooks = 100;

interface FailingRow {
  id: string;
  contract: Contract;
  target_url: string;
  description: string | null;
  disabled: boolean;
  failing_since: Date | null;
  failed: number;
  retrying: number;
  errors: string;
  delivery_id: string | null;
  started_at: Date | null;
  status_code: number | null;
  error_class: ErrorClass | null;
}

export type FailingWebhookStore = ReturnType<typeof createFailingWebhookStore>;

export function createFailingWebhookStore(database: Database) {
  return {
    /** What fails of deliveries made at `since` or later, and webhooks that are disabled or have failed since their last success. */
    async now(tenantId: string, since: Date): Promise<Failing> {
      const { rows } = await database.raw<{ rows: FailingRow[] }>(failing, {
        tenantId,
        since: smallestIdAt(since),
        mostCounted,
        mostWebhooks,
      });
      const { rows: counted } = await database.raw<{ rows: { count: number; oldest: Date | null }[] }>(
        `SELECT count(*), min(created_at) AS oldest FROM (
           SELECT created_at FROM deliveries WHERE tenant_id = ? AND status = 'pending' ORDER BY id LIMIT ?
         ) pending`,
        [tenantId, mostCounted],
      );
      return {
        webhooks: rows.map(toFailing),
        pending: { count: counted[0]?.count ?? 0, oldestAt: counted[0]?.oldest ?? null },
      };
    },
  };
}

const toFailing = (row: FailingRow): FailingWebhook => ({
  webhookId: row.id,
  contract: row.contract,
  targetUrl: row.target_url,
  description: row.description,
  disabled: row.disabled,
  failingSince: row.failing_since,
  failed: row.failed,
  retrying: row.retrying,
  errors: JSON.parse(row.errors) as FailingWebhook['errors'],
  last:
    row.delivery_id && row.started_at && row.error_class
      ? { deliveryId: row.delivery_id, at: row.started_at, statusCode: row.status_code, errorClass: row.error_class }
      : null,
});

/** Of those that wait for a retry the oldest: the newest pending ones may only not have been tried yet. */
const failing = `
  WITH troubled AS MATERIALIZED (
    SELECT * FROM (
      (SELECT id, webhook_id, status, last_error_class FROM deliveries
       WHERE tenant_id = :tenantId AND status = 'failed' AND id >= :since ORDER BY id DESC LIMIT :mostCounted)
      UNION ALL
      (SELECT id, webhook_id, status, last_error_class FROM deliveries
       WHERE tenant_id = :tenantId AND status = 'pending' AND id >= :since ORDER BY id LIMIT :mostCounted)
    ) newest WHERE last_error_class IS NOT NULL
  ), by_class AS (
    SELECT webhook_id, last_error_class, count(*) AS count,
           count(*) FILTER (WHERE status = 'failed') AS failed, max(id::text)::uuid AS newest
    FROM troubled GROUP BY webhook_id, last_error_class
  ), by_webhook AS (
    SELECT webhook_id, sum(failed)::bigint AS failed, sum(count - failed)::bigint AS retrying,
           json_agg(json_build_object('errorClass', last_error_class, 'count', count) ORDER BY count DESC) AS errors,
           max(newest::text)::uuid AS newest
    FROM by_class GROUP BY webhook_id
  )
  SELECT w.id, w.contract, w.target_url, w.description, w.disabled, w.failing_since,
         coalesce(b.failed, 0)::bigint AS failed, coalesce(b.retrying, 0)::bigint AS retrying,
         coalesce(b.errors, '[]'::json) AS errors,
         a.delivery_id, a.started_at, a.status_code, a.error_class
  FROM webhooks w
  LEFT JOIN by_webhook b ON b.webhook_id = w.id
  LEFT JOIN LATERAL (
    SELECT delivery_id, started_at, status_code, error_class FROM attempts
    WHERE tenant_id = :tenantId AND delivery_id = b.newest ORDER BY number DESC LIMIT 1
  ) a ON true
  WHERE w.tenant_id = :tenantId AND w.deleted_at IS NULL
    AND (w.disabled OR w.failing_since IS NOT NULL OR b.webhook_id IS NOT NULL)
  ORDER BY coalesce(b.failed + b.retrying, 0) DESC, w.failing_since NULLS LAST, w.id DESC
  LIMIT :mostWebhooks`;
