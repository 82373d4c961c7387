import type { Knex } from 'knex';
import type { AttemptRecord, DeliveryStatus, ErrorClass } from '../domain/delivery';
import type { AttemptRequest } from '../domain/delivery-run';
import type { JsonObject } from '../domain/event';
import type { Contract, ShownAuth } from '../domain/webhook';
import { createBatching } from './batching';
import type { Database } from './database';
import type { StoredSecret } from './webhooks';

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
    /** When the first attempt failed that none has succeeded after; null: it is well. */
    failingSince: Date | null;
  };
  event: { id: string; type: string; occurredAt: Date; payloadJson: string };
  secrets: StoredSecret[];
  /**
   * The time by PostgreSQL's clock: one for all workers, so that one whose own is wrong signs no times that receivers
   * refuse, and records none that others would wait for.
   */
  now(): Date;
  /** This very attempt, when it was made and recorded before. */
  recorded: { errorClass: ErrorClass | null; statusCode: number | null } | null;
}

interface LoadedRow {
  /** Of the request, counted from 1. */
  place: number;
  read_at: Date;
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
  failing_since: Date | null;
  occurred_at: Date;
  payload: string;
  secrets: StoredSecret[] | null;
  recorded_number: number | null;
  recorded_error_class: ErrorClass | null;
  recorded_status_code: number | null;
}

/** An attempt, and what follows from it for its delivery. */
interface MadeAttempt {
  tenantId: string;
  deliveryId: string;
  attempt: AttemptRecord;
  status: DeliveryStatus;
  /** Null: as it was. */
  dueAt: Date | null;
}

interface Postponement {
  tenantId: string;
  deliveryId: string;
  dueAt: Date;
}

/** Payloads of a batch stand in memory at once, each up to 256 KiB. */
const mostLoaded = 50;
const mostRecorded = 100;

/** What a worker does for every attempt. Many are made at the same time: they share statements. */
export function createAttemptStatements(database: Database) {
  const load = createBatching<AttemptRequest, LoadedAttempt | null>({ run: loadAll, most: mostLoaded });
  const record = createBatching<MadeAttempt, void>({
    run: recordAll,
    most: mostRecorded,
    // One UPDATE takes a row once: a second attempt of the same delivery has to find what the first one left.
    keyOf: ({ tenantId, deliveryId }) => `${tenantId}|${deliveryId}`,
  });

  const postpone = createBatching<Postponement, void>({
    run: postponeAll,
    most: mostRecorded,
    keyOf: ({ deliveryId }) => deliveryId,
  });

  async function loadAll(requests: readonly AttemptRequest[]): Promise<(LoadedAttempt | null)[]> {
    // Arrays as subqueries: PostgreSQL knows no more of their length when it plans for given values, so it keeps the one
    // plan for all instead of making a new one each time, which costs five times the statement.
    const { rows } = await database
      .raw<{ rows: LoadedRow[] }>(
        `SELECT asked.place, clock_timestamp() AS read_at, found.*
         FROM unnest((SELECT ?::uuid[]), (SELECT ?::uuid[]), (SELECT ?::integer[]))
                WITH ORDINALITY AS asked (tenant_id, delivery_id, number, place)
         CROSS JOIN LATERAL (
           SELECT d.status, d.contract, d.event_uid, d.redelivery, d.due_at, d.event_id, d.event_type, d.webhook_id,
                  w.target_url, w.headers, w.auth, w.settings, w.timeout_ms,
                  (w.disabled OR w.deleted_at IS NOT NULL) AS silent, w.failing_since,
                  coalesce(e.occurred_at, e.created_at) AS occurred_at, e.payload,
                  (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'field', s.field, 'ciphertext', s.ciphertext)
                                    ORDER BY s.expires_at DESC NULLS FIRST, s.id DESC)
                   FROM webhook_secrets s
                   WHERE s.tenant_id = d.tenant_id AND s.webhook_id = d.webhook_id
                     AND (s.expires_at IS NULL OR s.expires_at > now())) AS secrets,
                  a.number AS recorded_number, a.error_class AS recorded_error_class,
                  a.status_code AS recorded_status_code
           FROM deliveries d
           JOIN webhooks w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
           JOIN events e ON e.tenant_id = d.tenant_id AND e.id = d.event_uid
           LEFT JOIN attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id AND a.number = asked.number
           WHERE d.tenant_id = asked.tenant_id AND d.id = asked.delivery_id
           LIMIT 1
         ) AS found`,
        [requests.map((r) => r.tenantId), requests.map((r) => r.deliveryId), requests.map((r) => r.number)],
      )
      .options({ name: 'load_attempts' });
    const answeredAt = performance.now();
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return requests.map((_, index) => {
      const row = byPlace.get(index + 1);
      return row ? toLoadedAttempt(row, answeredAt) : null;
    });
  }

  async function recordAll(unsorted: readonly MadeAttempt[]): Promise<void[]> {
    // In one order everywhere, so that two statements never wait for each other's rows.
    const made = unsorted.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
    await database
      .raw(
        `WITH made AS (
           SELECT * FROM unnest(?::uuid[], ?::uuid[], ?::smallint[], ?::timestamptz[], ?::integer[], ?::smallint[],
                                ?::text[], ?::text[], ?::text[], ?::timestamptz[], ?::timestamptz[])
             AS made (tenant_id, delivery_id, number, started_at, duration_ms, status_code, error_class, response_body,
                      status, due_at, completed_at)
         ), fresh AS (
           INSERT INTO attempts (tenant_id, delivery_id, number, started_at, duration_ms, status_code, error_class,
                                 response_body)
           SELECT tenant_id, delivery_id, number, started_at, duration_ms, status_code, error_class, response_body FROM made
           ON CONFLICT DO NOTHING
           RETURNING tenant_id, delivery_id
         )
         UPDATE deliveries d
         SET status = made.status, due_at = coalesce(made.due_at, d.due_at), completed_at = made.completed_at,
             last_error_class = made.error_class, started_at = coalesce(d.started_at, made.started_at)
         FROM made JOIN fresh USING (tenant_id, delivery_id)
         WHERE d.tenant_id = made.tenant_id AND d.id = made.delivery_id AND d.status = 'pending'`,
        [
          made.map((m) => m.tenantId),
          made.map((m) => m.deliveryId),
          made.map((m) => m.attempt.number),
          made.map((m) => m.attempt.startedAt),
          made.map((m) => m.attempt.durationMs),
          made.map((m) => m.attempt.statusCode),
          made.map((m) => m.attempt.errorClass),
          made.map((m) => m.attempt.responseBody),
          made.map((m) => m.status),
          made.map((m) => m.dueAt),
          made.map((m) => (m.status === 'pending' ? null : endOf(m.attempt))),
        ] as Knex.RawBinding[],
      )
      .options({ name: 'record_attempts' });
    return unsorted.map(() => {});
  }

  async function postponeAll(postponements: readonly Postponement[]): Promise<void[]> {
    const ordered = postponements.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
    await database
      .raw(
        `UPDATE deliveries d SET due_at = p.due_at, started_at = coalesce(d.started_at, now())
         FROM unnest(?::uuid[], ?::uuid[], ?::timestamptz[]) AS p (tenant_id, id, due_at)
         WHERE d.tenant_id = p.tenant_id AND d.id = p.id AND d.status = 'pending'`,
        [ordered.map((p) => p.tenantId), ordered.map((p) => p.deliveryId), ordered.map((p) => p.dueAt)],
      )
      .options({ name: 'postpone_attempts' });
    return postponements.map(() => {});
  }

  return {
    /** Null: there is no such delivery (any more). */
    loadAttempt: (request: AttemptRequest): Promise<LoadedAttempt | null> => load(request),

    /**
     * Stores an attempt and what follows from it for the delivery, once: a second call for the same number
     * changes nothing. `dueAt` is the next attempt's time when `status` stays pending.
     */
    recordAttempt: (
      { tenantId, deliveryId }: { tenantId: string; deliveryId: string },
      attempt: AttemptRecord,
      then: { status: DeliveryStatus; dueAt: Date | null },
    ): Promise<void> => record({ tenantId, deliveryId, attempt, ...then }),

    /** The next attempt of a pending delivery is due later; it is neither made nor counted. */
    postpone: ({ tenantId, deliveryId }: { tenantId: string; deliveryId: string }, dueAt: Date): Promise<void> =>
      postpone({ tenantId, deliveryId, dueAt }),
  };
}

function endOf({ startedAt, durationMs }: AttemptRecord): Date {
  return new Date(Date.parse(startedAt) + durationMs);
}

function toLoadedAttempt(row: LoadedRow, answeredAt: number): LoadedAttempt {
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
      failingSince: row.failing_since,
    },
    event: { id: row.event_id, type: row.event_type, occurredAt: row.occurred_at, payloadJson: row.payload },
    secrets: row.secrets ?? [],
    now: () => new Date(row.read_at.getTime() + performance.now() - answeredAt),
    recorded:
      row.recorded_number === null
        ? null
        : { errorClass: row.recorded_error_class, statusCode: row.recorded_status_code },
  };
}
