import type { Knex } from 'knex';
import type { AttemptRecord, DeliveryStatus } from '../domain/delivery';
import type { JsonObject } from '../domain/event';
import type { ShownAuth } from '../domain/webhook';
import {
  attemptArrays,
  attemptBindings,
  attemptColumns,
  endedColumns,
  endOf,
  insertAttempts,
  secretsInForce,
} from './attempt-sql';
import type { LoadedAttempt } from './attempts';
import { createBatching } from './batching';
import { noteFailures } from './failure-reports';
import { idRangeBindings, inIdRange } from './id-range';
import type { Database } from './database';
import { toDelivery, type Delivery, type DeliveryRow } from './delivery-row';
import type { StoredSecret } from './webhooks';

/** A burst on a trip. */
export interface Burst {
  number: number;
  runId: string;
  /** Of the trip: whatever it claims is leased to it. */
  lease: string;
}

/** A delivery that a burst has the lease of, with all that its attempt needs. */
export interface ClaimedDelivery {
  delivery: Delivery;
  /** Of the attempt to make, from 1. */
  number: number;
  loaded: LoadedAttempt;
}

/** How many deliveries of a webhook may be claimed. */
export interface Room {
  tenantId: string;
  webhookId: string;
  room: number;
}

/** An attempt that a burst made, and what follows from it. */
export interface CarriedAttempt {
  tenantId: string;
  deliveryId: string;
  attempt: AttemptRecord;
  status: DeliveryStatus;
  /** Milliseconds until the next attempt; meaningful while `status` is pending. */
  waitMs: number;
  /** Where a pending delivery goes on: in the queue, or in a workflow of its own. */
  onward: 'together' | 'alone';
  burst: Burst;
}

interface QueueRow {
  tenant_id: string;
  delivery_id: string;
  webhook_id: string;
  /** Made so far. */
  attempts: number;
}

interface ClaimedRow extends DeliveryRow {
  read_at: Date;
  attempts_made: number;
  /** Null: the event is gone, or its payload. */
  occurred_at: Date | null;
  payload: string | null;
}

interface WebhookRow {
  tenant_id: string;
  id: string;
  target_url: string;
  headers: Record<string, string>;
  auth: ShownAuth;
  settings: JsonObject;
  timeout_ms: number;
  silent: boolean;
  failing_since: Date | null;
  disabled_failing_since: Date | null;
  secrets: StoredSecret[] | null;
}

/** How long an attempt is not made by anybody else: longer than the longest that travels so can take. */
const leaseMs = 30_000;
/** How long who made a delivery go on alone has to start its workflow before the sweeper may. */
const startGraceMs = 5_000;
/** Of a claim's room, what every webhook gets at least: many that wait must not make claims of one each. */
const leastShare = 20;
const mostRecorded = 100;

/** Steps from webhook to webhook through the index: as many look-ups as webhooks that something waits for. */
const webhooksThatWait = `
  webhooks_that_wait AS (
    (SELECT tenant_id, webhook_id FROM burst_queue ORDER BY tenant_id, webhook_id LIMIT 1)
    UNION ALL
    SELECT next.tenant_id, next.webhook_id
    FROM webhooks_that_wait AS before CROSS JOIN LATERAL (
      SELECT tenant_id, webhook_id FROM burst_queue
      WHERE (tenant_id, webhook_id) > (before.tenant_id, before.webhook_id)
      ORDER BY tenant_id, webhook_id LIMIT 1
    ) AS next
  )`;

export type BurstQueueStore = ReturnType<typeof createBurstQueueStore>;

/** Deliveries that travel together; publishing puts them here (store/publish.ts). Times are the database's. */
export function createBurstQueueStore(database: Database) {
  const record = createBatching<CarriedAttempt, void>({
    run: recordAll,
    most: mostRecorded,
    keyOf: ({ tenantId, deliveryId }) => `${tenantId}|${deliveryId}`,
  });

  async function recordAll(unsorted: readonly CarriedAttempt[]): Promise<void[]> {
    // In one order everywhere, so that two statements never wait for each other's rows.
    const carried = unsorted.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
    const range = idRangeBindings(carried.map((c) => c.deliveryId));
    await database
      .raw(
        `WITH carried AS (
           SELECT * FROM unnest(${attemptArrays}, (SELECT ?::text[]), (SELECT ?::integer[]), (SELECT ?::timestamptz[]),
                                (SELECT ?::boolean[]), (SELECT ?::smallint[]), (SELECT ?::uuid[]))
             AS carried (${attemptColumns}, status, wait_ms, completed_at, together, burst_number, burst_run_id)
         ), fresh AS (${insertAttempts('carried')}
         ), gone AS (
           DELETE FROM burst_queue q USING carried c
           WHERE q.tenant_id = c.tenant_id AND q.delivery_id = c.delivery_id AND NOT (c.status = 'pending' AND c.together)
         ), waiting AS (
           UPDATE burst_queue q
           SET not_before = now() + c.wait_ms * interval '1 ms', lease = NULL, attempts = c.number
           FROM carried c
           WHERE q.tenant_id = c.tenant_id AND q.delivery_id = c.delivery_id AND q.attempts < c.number
             AND c.status = 'pending' AND c.together
         ), ended AS (
         UPDATE deliveries d
         SET status = c.status, completed_at = c.completed_at, last_error_class = c.error_class,
             due_at = CASE WHEN c.status = 'pending' THEN now() + c.wait_ms * interval '1 ms' ELSE d.due_at END,
             claimed_until = CASE WHEN c.status = 'pending' AND NOT c.together
                                  THEN now() + ? * interval '1 ms' ELSE d.claimed_until END,
             burst_number = CASE WHEN c.status = 'pending' AND NOT c.together THEN NULL ELSE c.burst_number END,
             burst_run_id = CASE WHEN c.status = 'pending' AND NOT c.together THEN NULL ELSE c.burst_run_id END
         FROM carried c JOIN fresh USING (tenant_id, delivery_id)
         WHERE d.tenant_id = c.tenant_id AND d.id = c.delivery_id AND ${inIdRange('d.id')}
           -- Not as a condition that indexes of what is pending know: there may be many, and the key finds the one.
           AND CASE WHEN d.status = 'pending' THEN true ELSE false END
         RETURNING ${endedColumns}
         )
         ${noteFailures('ended')}`,
        [
          ...attemptBindings(carried),
          carried.map((c) => c.status),
          carried.map((c) => Math.round(c.waitMs)),
          carried.map((c) => (c.status === 'pending' ? null : endOf(c.attempt))),
          carried.map((c) => c.onward === 'together'),
          carried.map((c) => c.burst.number),
          carried.map((c) => c.burst.runId),
          ...range,
          startGraceMs,
          ...range,
        ] as Knex.RawBinding[],
      )
      .options({ name: 'record_carried' });
    return unsorted.map(() => {});
  }

  return {
    /**
     * Takes the lease of up to `limit` deliveries that are due, shared out among the webhooks that wait, and reads what
     * their attempts need. Tenants take turns. `rooms`: where a webhook may have fewer than its share.
     */
    async claim(options: { burst: Burst; limit: number; rooms: readonly Room[] }): Promise<ClaimedDelivery[]> {
      const { burst, limit, rooms } = options;
      const { rows } = await database
        .raw<{ rows: QueueRow[] }>(
          `WITH RECURSIVE ${webhooksThatWait}, shares AS MATERIALIZED (
             SELECT w.tenant_id, w.webhook_id,
                    least(r.room, greatest(?::integer / (count(*) OVER ())::integer, ?::integer)) AS share
             FROM webhooks_that_wait w
             LEFT JOIN unnest((SELECT ?::uuid[]), (SELECT ?::uuid[]), (SELECT ?::integer[])) AS r (tenant_id, webhook_id, room)
               USING (tenant_id, webhook_id)
             WHERE r.room IS DISTINCT FROM 0
             -- By turns of the tenants: one with many webhooks does not come before one with a single one.
             ORDER BY row_number() OVER (PARTITION BY w.tenant_id ORDER BY random()), random()
           ), picked AS MATERIALIZED (
             SELECT of_webhook.tenant_id, of_webhook.delivery_id
             FROM shares CROSS JOIN LATERAL (
               SELECT q.tenant_id, q.delivery_id FROM burst_queue q
               WHERE q.tenant_id = shares.tenant_id AND q.webhook_id = shares.webhook_id AND q.not_before <= now()
               ORDER BY q.not_before LIMIT shares.share FOR UPDATE SKIP LOCKED
             ) AS of_webhook
             LIMIT ?
           ), claimed AS (
             UPDATE burst_queue q SET lease = ?::uuid, not_before = now() + ? * interval '1 ms'
             FROM picked WHERE q.tenant_id = picked.tenant_id AND q.delivery_id = picked.delivery_id
             RETURNING q.tenant_id, q.delivery_id, q.webhook_id, q.attempts
           )
           SELECT tenant_id, delivery_id, webhook_id, attempts FROM claimed`,
          [
            limit,
            leastShare,
            rooms.map((r) => r.tenantId),
            rooms.map((r) => r.webhookId),
            rooms.map((r) => r.room),
            limit,
            burst.lease,
            leaseMs,
          ],
        )
        .options({ name: 'claim_burst' });
      if (rows.length === 0) return [];
      // After the claim: what is sent goes by the webhook as it is now.
      const [deliveries, webhooks] = await Promise.all([deliveriesOf(rows), webhooksOf(rows)]);
      const answeredAt = performance.now();
      if (deliveries.length < rows.length) await forget(rows, deliveries);
      return deliveries.flatMap((row) => {
        const webhook = webhooks.get(`${row.tenant_id}|${row.webhook_id}`);
        return webhook ? [toClaimed(row, webhook, answeredAt)] : [];
      });
    },

    /**
     * Stores an attempt and what follows from it, once. A delivery that goes on alone is out of the queue by it and its
     * caller's to start; the sweeper starts it otherwise.
     */
    record: (carried: CarriedAttempt): Promise<void> => record(carried),

    /** Ends claimed deliveries that must not be sent as cancelled; returns how many were pending. */
    async cancel(deliveries: readonly { tenantId: string; deliveryId: string }[], burst: Burst): Promise<number> {
      const { rowCount } = await database.raw<{ rowCount: number }>(
        `WITH silenced AS (SELECT * FROM unnest(?::uuid[], ?::uuid[]) AS silenced (tenant_id, id)),
              gone AS (DELETE FROM burst_queue q USING silenced s WHERE q.tenant_id = s.tenant_id AND q.delivery_id = s.id)
         UPDATE deliveries d
         SET status = 'cancelled', completed_at = now(), burst_number = ?, burst_run_id = ?
         FROM silenced s WHERE d.tenant_id = s.tenant_id AND d.id = s.id AND d.status = 'pending'`,
        [deliveries.map((d) => d.tenantId), deliveries.map((d) => d.deliveryId), burst.number, burst.runId],
      );
      return rowCount;
    },

    /** Gives claimed deliveries back, due in `waitMs`; no attempt was made. */
    async giveBack(deliveries: readonly { tenantId: string; deliveryId: string }[], waitMs: number): Promise<void> {
      await database.raw(
        `UPDATE burst_queue q SET lease = NULL, not_before = now() + ? * interval '1 ms'
         FROM unnest(?::uuid[], ?::uuid[]) AS back (tenant_id, id)
         WHERE q.tenant_id = back.tenant_id AND q.delivery_id = back.id`,
        [waitMs, deliveries.map((d) => d.tenantId), deliveries.map((d) => d.deliveryId)],
      );
    },

    /** Gives back all that is leased to a trip: the worker that made it is gone. Returns how many. */
    async giveUpLeases(lease: string): Promise<number> {
      const { rowCount } = await database.raw<{ rowCount: number }>(
        'UPDATE burst_queue SET lease = NULL, not_before = now() WHERE lease = ?',
        [lease],
      );
      return rowCount;
    },

    /** Milliseconds until the first of what waits is due, 0 for at once; null: nothing waits. */
    async nextDueMs(): Promise<number | null> {
      const { rows } = await database.raw<{ rows: { ms: number; count: number }[] }>(
        `WITH RECURSIVE ${webhooksThatWait}
         SELECT ceil(extract(epoch FROM greatest(min(first.not_before), now()) - now()) * 1000)::float8 AS ms,
                count(*) AS count
         FROM webhooks_that_wait w CROSS JOIN LATERAL (
           SELECT q.not_before FROM burst_queue q
           WHERE q.tenant_id = w.tenant_id AND q.webhook_id = w.webhook_id ORDER BY q.not_before LIMIT 1
         ) AS first`,
      );
      const [row] = rows;
      return row && row.count > 0 ? row.ms : null;
    },

    /** How many deliveries are due. */
    async countDue(): Promise<number> {
      const { rows } = await database.raw<{ rows: { count: number }[] }>(
        'SELECT count(*) FROM burst_queue WHERE not_before <= now()',
      );
      return rows[0]?.count ?? 0;
    },

    /**
     * Has a delivery's next attempt made now. `under_way`: one is being made, or the delivery is finished;
     * `not_here`: it does not travel together.
     */
    async hurry(tenantId: string, deliveryId: string): Promise<'hurried' | 'under_way' | 'not_here'> {
      const { rows } = await database.raw<{ rows: { lease: string | null }[] }>(
        `UPDATE burst_queue SET not_before = CASE WHEN lease IS NULL THEN now() ELSE not_before END
         WHERE tenant_id = ? AND delivery_id = ? RETURNING lease`,
        [tenantId, deliveryId],
      );
      if (!rows[0]) return 'not_here';
      return rows[0].lease === null ? 'hurried' : 'under_way';
    },

    /** Leaves up to `limit` deliveries that nobody carries to the sweeper, which starts a workflow for each; how many. */
    async disband(limit: number): Promise<number> {
      const { rowCount } = await database.raw<{ rowCount: number }>(
        `WITH picked AS MATERIALIZED (
           SELECT tenant_id, delivery_id FROM burst_queue
           WHERE lease IS NULL OR not_before <= now() LIMIT ? FOR UPDATE SKIP LOCKED
         ), gone AS (
           DELETE FROM burst_queue q USING picked p WHERE q.tenant_id = p.tenant_id AND q.delivery_id = p.delivery_id
         )
         UPDATE deliveries d SET claimed_until = now(), burst_number = NULL, burst_run_id = NULL
         FROM picked p WHERE d.tenant_id = p.tenant_id AND d.id = p.delivery_id`,
        [limit],
      );
      return rowCount;
    },
  };

  /** Takes out what stands for deliveries that there are not: nobody else would. */
  async function forget(claimed: readonly QueueRow[], found: readonly ClaimedRow[]): Promise<void> {
    const known = new Set(found.map((row) => row.id));
    const ids = claimed.map((row) => row.delivery_id).filter((id) => !known.has(id));
    await database.raw('DELETE FROM burst_queue WHERE delivery_id = ANY (?)', [ids]);
  }

  async function deliveriesOf(claimed: readonly QueueRow[]): Promise<ClaimedRow[]> {
    const ids = claimed.map((row) => row.delivery_id);
    const range = idRangeBindings(ids);
    const { rows } = await database
      .raw<{ rows: ClaimedRow[] }>(
        `SELECT clock_timestamp() AS read_at, claimed.attempts AS attempts_made, d.*, e.occurred_at, e.payload
         FROM unnest((SELECT ?::uuid[]), (SELECT ?::uuid[]), (SELECT ?::integer[])) AS claimed (tenant_id, id, attempts)
         -- LIMIT: looked up for each delivery, never read as a range.
         CROSS JOIN LATERAL (
           SELECT * FROM deliveries
           WHERE deliveries.tenant_id = claimed.tenant_id AND deliveries.id = claimed.id AND ${inIdRange('deliveries.id')}
           LIMIT 1
         ) d
         LEFT JOIN LATERAL (
           SELECT coalesce(events.occurred_at, events.created_at) AS occurred_at, events.payload FROM events
           WHERE events.tenant_id = d.tenant_id AND events.id = d.event_uid LIMIT 1
         ) e ON true`,
        [claimed.map((row) => row.tenant_id), ids, claimed.map((row) => row.attempts), ...range],
      )
      .options({ name: 'deliveries_of_burst' });
    return rows;
  }

  async function webhooksOf(claimed: readonly QueueRow[]): Promise<Map<string, WebhookRow>> {
    const asked = new Map(claimed.map((row) => [`${row.tenant_id}|${row.webhook_id}`, row]));
    const { rows } = await database
      .raw<{ rows: WebhookRow[] }>(
        `SELECT w.tenant_id, w.id, w.target_url, w.headers, w.auth, w.settings, w.timeout_ms,
                (w.disabled OR w.deleted_at IS NOT NULL) AS silent, w.failing_since, w.disabled_failing_since,
                ${secretsInForce('w.tenant_id', 'w.id')} AS secrets
         FROM unnest((SELECT ?::uuid[]), (SELECT ?::uuid[])) AS asked (tenant_id, id)
         JOIN webhooks w USING (tenant_id, id)`,
        [[...asked.values()].map((row) => row.tenant_id), [...asked.values()].map((row) => row.webhook_id)],
      )
      .options({ name: 'webhooks_of_burst' });
    return new Map(rows.map((row) => [`${row.tenant_id}|${row.id}`, row]));
  }
}

function toClaimed(row: ClaimedRow, webhook: WebhookRow, answeredAt: number): ClaimedDelivery {
  return {
    delivery: toDelivery(row),
    number: row.attempts_made + 1,
    loaded: {
      status: row.status,
      contract: row.contract,
      eventUid: row.event_uid,
      redelivery: row.redelivery,
      dueAt: row.due_at,
      webhook: {
        id: webhook.id,
        targetUrl: webhook.target_url,
        headers: webhook.headers,
        auth: webhook.auth,
        settings: webhook.settings,
        timeoutMs: webhook.timeout_ms,
        // Nothing is sent of an event that is gone; retention keeps those of pending deliveries.
        silent: webhook.silent || row.payload === null,
        failingSince: webhook.failing_since,
        disabledFailingSince: webhook.disabled_failing_since,
      },
      event: {
        id: row.event_id,
        type: row.event_type,
        occurredAt: row.occurred_at ?? row.created_at,
        payloadJson: row.payload ?? '',
      },
      secrets: webhook.secrets ?? [],
      traceContext: row.trace_context,
      now: () => new Date(row.read_at.getTime() + performance.now() - answeredAt),
      recorded: null,
    },
  };
}
