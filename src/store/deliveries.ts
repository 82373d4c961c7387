import type { AttemptRecord, DeliveryStatus, ErrorClass } from '../domain/delivery';
import type { StartableDelivery } from '../domain/delivery-run';
import { createAttemptStatements } from './attempts';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';
import { toDelivery, type Delivery, type DeliveryRow } from './delivery-row';
import { idRangeBindings, inIdRange, rangeOfIds } from './id-range';
import type { CurrentTrace, TravelTogether } from './publish';
import { createRedelivery } from './redelivery';

export type { LoadedAttempt } from './attempts';
export type { Delivery } from './delivery-row';

interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number;
  status_code: number | null;
  error_class: ErrorClass | null;
  response_body: string | null;
  /** JSON. */
  response_headers: string | null;
}

const shownOfAttempt = [
  'number',
  'started_at',
  'duration_ms',
  'status_code',
  'error_class',
  'response_body',
  'response_headers',
] as const satisfies (keyof AttemptRow)[];

const toAttempt = (row: AttemptRow): AttemptRecord => ({
  number: row.number,
  startedAt: row.started_at.toISOString(),
  durationMs: row.duration_ms,
  statusCode: row.status_code,
  errorClass: row.error_class,
  responseBody: row.response_body,
  responseHeaders:
    row.response_headers === null ? null : (JSON.parse(row.response_headers) as Record<string, string>),
});

export type DeliveryStore = ReturnType<typeof createDeliveryStore>;

export function createDeliveryStore(
  database: Database,
  {
    together = () => false,
    traceContext = () => null,
  }: { together?: TravelTogether; traceContext?: CurrentTrace } = {},
) {
  return {
    /** Ends a pending delivery as cancelled; false when it was not pending. */
    async settleCancelled(tenantId: string, deliveryId: string): Promise<boolean> {
      const { rowCount } = await database.raw<{ rowCount: number }>(
        `WITH gone AS (DELETE FROM burst_queue WHERE tenant_id = ? AND delivery_id = ?)
         UPDATE deliveries SET status = 'cancelled', completed_at = ?
         WHERE tenant_id = ? AND id = ? AND status = 'pending'`,
        [tenantId, deliveryId, new Date(), tenantId, deliveryId],
      );
      return rowCount > 0;
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
        .select<AttemptRow[]>(...shownOfAttempt);
      return rows.map(toAttempt);
    },

    async list(
      tenantId: string,
      query: ListQuery & {
        status?: DeliveryStatus;
        webhookId?: string;
        eventId?: string;
        eventType?: string;
        /** Of the last attempt. */
        errorClass?: ErrorClass;
      },
    ): Promise<Page<Delivery>> {
      const { below, from } = idBounds(query);
      const eventUid = query.eventId === undefined ? undefined : await uidOf(tenantId, query.eventId);
      if (eventUid === null) return { data: [], nextCursor: null };
      const rows = await database('deliveries')
        .where({ tenant_id: tenantId })
        .modify((q) => {
          if (query.status) void q.where('status', query.status);
          if (query.webhookId) void q.where('webhook_id', query.webhookId);
          if (query.eventType) void q.where('event_type', query.eventType);
          if (query.errorClass) void q.where('last_error_class', query.errorClass);
          // None was made before its event: partitions of earlier times are left alone.
          if (eventUid) void q.where('event_uid', eventUid).where('id', '>=', rangeOfIds([eventUid]).from);
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<DeliveryRow[]>('*');
      return toPage(rows, query.limit, (row) => row.id, toDelivery);
    },

    /**
     * Marks workflows as known to run. Deliveries that an attempt has marked already cost nothing; returns how many had
     * none yet.
     */
    async markStarted(unsorted: readonly { tenantId: string; deliveryId: string }[]): Promise<number> {
      // In the order of recorded attempts, so that neither waits for the other's rows.
      const deliveries = unsorted.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
      const ids = deliveries.map((d) => d.deliveryId);
      if (ids.length === 0) return 0;
      const { rowCount } = await database
        .raw<{ rowCount: number }>(
          `UPDATE deliveries d SET started_at = now()
           FROM unnest((SELECT ?::uuid[]), (SELECT ?::uuid[])) AS s (tenant_id, id)
           WHERE d.tenant_id = s.tenant_id AND d.id = s.id AND ${inIdRange('d.id')} AND d.started_at IS NULL`,
          [deliveries.map((d) => d.tenantId), ids, ...idRangeBindings(ids)],
        )
        .options({ name: 'mark_started' });
      return rowCount;
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

    ...createAttemptStatements(database),
    ...createRedelivery(database, together, traceContext),
  };

  async function uidOf(tenantId: string, eventId: string): Promise<string | null> {
    const key = await database('event_keys')
      .where({ tenant_id: tenantId, event_id: eventId })
      .first<{ event_uid: string } | undefined>('event_uid');
    return key?.event_uid ?? null;
  }

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
