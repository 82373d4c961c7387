import type { AttemptRecord, DeliveryStatus, ErrorClass } from '../domain/delivery';
import type { AttemptRequest, StartableDelivery } from '../domain/delivery-run';
import type { JsonObject } from '../domain/event';
import type { Contract, ShownAuth } from '../domain/webhook';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';
import { toDelivery, type Delivery, type DeliveryRow } from './delivery-row';
import { createRedelivery } from './redelivery';
import type { StoredSecret } from './webhooks';

export type { Delivery } from './delivery-row';

interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number;
  status_code: number | null;
  error_class: ErrorClass | null;
  response_body: string | null;
}

const toAttempt = (row: AttemptRow): AttemptRecord => ({
  number: row.number,
  startedAt: row.started_at.toISOString(),
  durationMs: row.duration_ms,
  statusCode: row.status_code,
  errorClass: row.error_class,
  responseBody: row.response_body,
});

/** All that one attempt needs, read in one query just before it: a changed webhook is used at once. */
export interface LoadedAttempt {
  status: DeliveryStatus;
  contract: Contract;
  eventUid: string;
  redelivery: number;
  dueAt: Date;
  webhook: {
    id: string;
    targetUrl: string;
    headers: Record<string, string>;
    auth: ShownAuth;
    settings: JsonObject;
    timeoutMs: number;
    /** Disabled or deleted: nothing may be sent. */
    silent: boolean;
  };
  event: { id: string; type: string; occurredAt: Date; payloadJson: string };
  secrets: StoredSecret[];
  /** This very attempt, when it was made and recorded before. */
  recorded: { errorClass: ErrorClass | null; statusCode: number | null } | null;
}

interface LoadedRow {
  status: DeliveryStatus;
  contract: Contract;
  event_uid: string;
  redelivery: number;
  due_at: Date;
  event_id: string;
  event_type: string;
  webhook_id: string;
  target_url: string;
  headers: Record<string, string>;
  auth: ShownAuth;
  settings: JsonObject;
  timeout_ms: number;
  silent: boolean;
  occurred_at: Date;
  payload: string;
  secrets: StoredSecret[] | null;
  recorded_number: number | null;
  recorded_error_class: ErrorClass | null;
  recorded_status_code: number | null;
}

export type DeliveryStore = ReturnType<typeof createDeliveryStore>;

export function createDeliveryStore(database: Database) {
  return {
    /** Null: there is no such delivery (any more). */
    async loadAttempt({ tenantId, deliveryId, number }: AttemptRequest): Promise<LoadedAttempt | null> {
      const { rows } = await database
        .raw<{ rows: LoadedRow[] }>(
          `SELECT d.status, d.contract, d.event_uid, d.redelivery, d.due_at, d.event_id, d.event_type, d.webhook_id,
                w.target_url, w.headers, w.auth, w.settings, w.timeout_ms, (w.disabled OR w.deleted_at IS NOT NULL) AS silent,
                coalesce(e.occurred_at, e.created_at) AS occurred_at, e.payload,
                (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'field', s.field, 'ciphertext', s.ciphertext)
                                  ORDER BY s.expires_at DESC NULLS FIRST, s.id DESC)
                 FROM webhook_secrets s
                 WHERE s.tenant_id = d.tenant_id AND s.webhook_id = d.webhook_id
                   AND (s.expires_at IS NULL OR s.expires_at > now())) AS secrets,
                a.number AS recorded_number, a.error_class AS recorded_error_class, a.status_code AS recorded_status_code
         FROM deliveries d
         JOIN webhooks w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
         JOIN events e ON e.tenant_id = d.tenant_id AND e.id = d.event_uid
         LEFT JOIN attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id AND a.number = ?
         WHERE d.tenant_id = ? AND d.id = ?`,
          [number, tenantId, deliveryId],
        )
        .options({ name: 'load_attempt' });
      const row = rows[0];
      if (!row) return null;
      return {
        status: row.status,
        contract: row.contract,
        eventUid: row.event_uid,
        redelivery: row.redelivery,
        dueAt: row.due_at,
        webhook: {
          id: row.webhook_id,
          targetUrl: row.target_url,
          headers: row.headers,
          auth: row.auth,
          settings: row.settings,
          timeoutMs: row.timeout_ms,
          silent: row.silent,
        },
        event: { id: row.event_id, type: row.event_type, occurredAt: row.occurred_at, payloadJson: row.payload },
        secrets: row.secrets ?? [],
        recorded:
          row.recorded_number === null
            ? null
            : { errorClass: row.recorded_error_class, statusCode: row.recorded_status_code },
      };
    },

    /**
     * Stores an attempt and what follows from it for the delivery, once: a second call for the same number
     * changes nothing. `dueAt` is the next attempt's time when `status` stays pending.
     */
    async recordAttempt(
      { tenantId, deliveryId }: { tenantId: string; deliveryId: string },
      attempt: AttemptRecord,
      then: { status: DeliveryStatus; dueAt: Date | null },
    ): Promise<void> {
      const endedAt = new Date(Date.parse(attempt.startedAt) + attempt.durationMs);
      await database
        .raw(
          `WITH attempt AS (
           INSERT INTO attempts (tenant_id, delivery_id, number, started_at, duration_ms, status_code, error_class, response_body)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO NOTHING
           RETURNING number
         )
         UPDATE deliveries
         SET status = ?, due_at = coalesce(?::timestamptz, due_at), completed_at = ?, last_error_class = ?,
             started_at = coalesce(started_at, ?)
         WHERE tenant_id = ? AND id = ? AND status = 'pending' AND EXISTS (SELECT 1 FROM attempt)`,
          [
            tenantId,
            deliveryId,
            attempt.number,
            attempt.startedAt,
            attempt.durationMs,
            attempt.statusCode,
            attempt.errorClass,
            attempt.responseBody,
            then.status,
            then.dueAt,
            then.status === 'pending' ? null : endedAt,
            attempt.errorClass,
            attempt.startedAt,
            tenantId,
            deliveryId,
          ] as (string | number | Date)[],
        )
        .options({ name: 'record_attempt' });
    },

    /** Ends a pending delivery as cancelled; false when it was not pending. */
    async settleCancelled(tenantId: string, deliveryId: string): Promise<boolean> {
      const count = await database('deliveries')
        .where({ tenant_id: tenantId, id: deliveryId, status: 'pending' })
        .update({ status: 'cancelled', completed_at: new Date() });
      return count > 0;
    },

    async find(tenantId: string, id: string): Promise<Delivery | null> {
      const row = await database('deliveries').where({ tenant_id: tenantId, id }).first<DeliveryRow | undefined>();
      return row ? toDelivery(row) : null;
    },

    /** In the order they were made. */
    async attempts(tenantId: string, deliveryId: string): Promise<AttemptRecord[]> {
      const rows = await database('attempts')
        .where({ tenant_id: tenantId, delivery_id: deliveryId })
        .orderBy('number')
        .select<AttemptRow[]>('number', 'started_at', 'duration_ms', 'status_code', 'error_class', 'response_body');
      return rows.map(toAttempt);
    },

    async list(
      tenantId: string,
      query: ListQuery & { status?: DeliveryStatus; webhookId?: string; eventId?: string; eventType?: string },
    ): Promise<Page<Delivery>> {
      const { below, from } = idBounds(query);
      const rows = await database('deliveries')
        .where({ tenant_id: tenantId })
        .modify((q) => {
          if (query.status) void q.where('status', query.status);
          if (query.webhookId) void q.where('webhook_id', query.webhookId);
          if (query.eventType) void q.where('event_type', query.eventType);
          if (query.eventId) {
            void q.whereIn(
              'event_uid',
              database('event_keys').select('event_uid').where({ tenant_id: tenantId, event_id: query.eventId }),
            );
          }
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<DeliveryRow[]>('*');
      return toPage(rows, query.limit, (row) => row.id, toDelivery);
    },

    /** Marks workflows as known to run. Deliveries that an attempt has marked already cost nothing. */
    async markStarted(deliveries: readonly { tenantId: string; deliveryId: string }[]): Promise<void> {
      await database.raw(
        `UPDATE deliveries d SET started_at = now()
         FROM unnest(?::uuid[], ?::uuid[]) AS s (tenant_id, id)
         WHERE d.tenant_id = s.tenant_id AND d.id = s.id AND d.started_at IS NULL`,
        [deliveries.map((d) => d.tenantId), deliveries.map((d) => d.deliveryId)],
      );
    },

    /** Claims up to `limit` deliveries that nobody has started; for `leaseMs` nobody else gets them. */
    async claimUnstarted(limit: number, leaseMs: number): Promise<StartableDelivery[]> {
      return claim(`started_at IS NULL`, 'claimed_until', limit, leaseMs);
    },

    /** Claims up to `limit` pending deliveries whose attempt is overdue by `overdueMs`: their runs may be lost. */
    async claimOverdue(limit: number, overdueMs: number, leaseMs: number): Promise<StartableDelivery[]> {
      return claim(
        `started_at IS NOT NULL AND due_at < now() - ${overdueMs} * interval '1 ms'`,
        'due_at',
        limit,
        leaseMs,
      );
    },

    /** How many deliveries stand in the outbox past their publisher's grace. */
    async countUnstarted(): Promise<number> {
      const { rows } = await database.raw<{ rows: { count: number }[] }>(
        `SELECT count(*) FROM deliveries WHERE status = 'pending' AND started_at IS NULL AND claimed_until < now()`,
      );
      return rows[0]?.count ?? 0;
    },

    ...createRedelivery(database),
  };

  async function claim(condition: string, order: string, limit: number, leaseMs: number): Promise<StartableDelivery[]> {
    // Materialized: in a plain subquery the planner may run LIMIT and SKIP LOCKED again for each row, and claim more.
    const { rows } = await database.raw<{ rows: DeliveryRow[] }>(
      `WITH claimed AS MATERIALIZED (
         SELECT tenant_id, id FROM deliveries
         WHERE status = 'pending' AND claimed_until < now() AND ${condition}
         ORDER BY ${order} LIMIT ? FOR UPDATE SKIP LOCKED
       )
       UPDATE deliveries d SET claimed_until = now() + ? * interval '1 ms'
       FROM claimed
       WHERE d.tenant_id = claimed.tenant_id AND d.id = claimed.id
       RETURNING d.*`,
      [limit, leaseMs],
    );
    return rows.map(toDelivery);
  }
}
