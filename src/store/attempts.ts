import type { Knex } from 'knex';
import type { AttemptRecord, DeliveryStatus, ErrorClass } from '../domain/delivery';
import type { AttemptRequest } from '../domain/delivery-run';
import type { JsonObject } from '../domain/event';
import type { Contract, ShownAuth } from '../domain/webhook';
import {
  attemptArrays,
  attemptBindings,
  attemptColumns,
  endedColumns,
  endOf,
  insertAttempts,
  secretsInForce,
} from './attempt-sql';
import { createBatching } from './batching';
import type { Database } from './database';
import { noteFailures } from './failure-reports';
import { idRangeBindings, inIdRange } from './id-range';
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
    /** Since when it had failed as it was disabled for it, where it has not answered since. */
    disabledFailingSince: Date | null;
  };
  event: { id: string; type: string; occurredAt: Date; payloadJson: string };
  secrets: StoredSecret[];
  /**
   * The time by PostgreSQL's clock: one for all workers, so that one whose own is wrong signs no times that receivers
   * refuse, and records none that others would wait for.
   */
  now(): Date;
  /** Of the request that the delivery came from; null: nobody traced it. */
  traceContext: string | null;
  /** This very attempt, when it was made and recorded before. */
  recorded: { errorClass: ErrorClass | null; statusCode: number | null } | null;
}

interface LoadedRow {
  /** Of the request, counted from 1. */
  place: number;
  read_at: Date;
  tenant_id: string;
  status: DeliveryStatus;
  contract: Contract;
  event_uid: string;
  redelivery: number;
  due_at: Date;
  event_id: string;
  event_type: string;
  webhook_id: string;
  trace_context: string | null;
  target_url: string;
  headers: Record<string, string>;
  auth: ShownAuth;
  settings: JsonObject;
  timeout_ms: number;
  silent: boolean;
  failing_since: Date | null;
  disabled_failing_since: Date | null;
  /** Null: of a redelivery, whose event is older. */
  occurred_at: Date | null;
  payload: string | null;
  secrets: StoredSecret[] | null;
  recorded_number: number | null;
  recorded_error_class: ErrorClass | null;
  recorded_status_code: number | null;
}

type OlderEvent = Pick<LoadedRow, 'occurred_at' | 'payload'>;

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
    const ids = requests.map((r) => r.deliveryId);
    const range = idRangeBindings(ids);
    // Arrays as subqueries: PostgreSQL knows no more of their length when it plans for given values, so it keeps the one
    // plan for all instead of making a new one each time, which costs five times the statement.
    const { rows } = await database
      .raw<{ rows: LoadedRow[] }>(
        `SELECT asked.place, clock_timestamp() AS read_at, found.*
         FROM unnest((SELECT ?::uuid[]), (SELECT ?::uuid[]), (SELECT ?::integer[]))
                WITH ORDINALITY AS asked (tenant_id, delivery_id, number, place)
         CROSS JOIN LATERAL (
           SELECT d.tenant_id, d.status, d.contract, d.event_uid, d.redelivery, d.due_at, d.event_id, d.event_type, d.webhook_id,
                  d.trace_context,
                  w.target_url, w.headers, w.auth, w.settings, w.timeout_ms,
                  (w.disabled OR w.deleted_at IS NOT NULL) AS silent, w.failing_since,
                  w.disabled_failing_since,
                  coalesce(e.occurred_at, e.created_at) AS occurred_at, e.payload,
                  ${secretsInForce('d.tenant_id', 'd.webhook_id')} AS secrets,
                  a.number AS recorded_number, a.error_class AS recorded_error_class,
                  a.status_code AS recorded_status_code
           FROM deliveries d
           JOIN webhooks w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
           -- LIMIT: looked up for each delivery, never read as a range. An event has the millisecond of its deliveries;
           -- only redeliveries are later.
           LEFT JOIN LATERAL (
             SELECT events.occurred_at, events.created_at, events.payload FROM events
             WHERE events.tenant_id = d.tenant_id AND events.id = d.event_uid AND ${inIdRange('events.id')} LIMIT 1
           ) e ON true
           LEFT JOIN LATERAL (
             SELECT attempts.number, attempts.error_class, attempts.status_code FROM attempts
             WHERE attempts.tenant_id = d.tenant_id AND attempts.delivery_id = d.id AND attempts.number = asked.number
               AND ${inIdRange('attempts.delivery_id')} LIMIT 1
           ) a ON true
           WHERE d.tenant_id = asked.tenant_id AND d.id = asked.delivery_id AND ${inIdRange('d.id')}
           LIMIT 1
         ) AS found`,
        [requests.map((r) => r.tenantId), ids, requests.map((r) => r.number), ...range, ...range, ...range],
      )
      .options({ name: 'load_attempts' });
    const answeredAt = performance.now();
    const older = await olderEvents(rows.filter(({ payload }) => payload === null));
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return requests.map(({ tenantId }, index) => {
      const row = byPlace.get(index + 1);
      return row ? toLoadedAttempt({ ...row, ...older.get(`${tenantId}|${row.event_uid}`) }, answeredAt) : null;
    });
  }

  /** Events of redeliveries, by tenant and uid. */
  async function olderEvents(of: readonly LoadedRow[]): Promise<Map<string, OlderEvent>> {
    if (of.length === 0) return new Map();
    const uids = of.map((row) => row.event_uid);
    const { rows } = await database
      .raw<{ rows: (OlderEvent & { tenant_id: string; id: string })[] }>(
        `SELECT e.tenant_id, e.id, coalesce(e.occurred_at, e.created_at) AS occurred_at, e.payload
         FROM unnest((SELECT ?::uuid[]), (SELECT ?::uuid[])) AS asked (tenant_id, id)
         JOIN events e ON e.tenant_id = asked.tenant_id AND e.id = asked.id AND ${inIdRange('e.id')}`,
        [of.map((row) => row.tenant_id), uids, ...idRangeBindings(uids)],
      )
      .options({ name: 'load_older_events' });
    return new Map(
      rows.map(({ tenant_id, id, occurred_at, payload }) => [`${tenant_id}|${id}`, { occurred_at, payload }]),
    );
  }

  async function recordAll(unsorted: readonly MadeAttempt[]): Promise<void[]> {
    // In one order everywhere, so that two statements never wait for each other's rows.
    const made = unsorted.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
    const range = idRangeBindings(made.map((m) => m.deliveryId));
    await database
      .raw(
        `WITH made AS (
           SELECT * FROM unnest(${attemptArrays}, (SELECT ?::text[]), (SELECT ?::timestamptz[]), (SELECT ?::timestamptz[]))
             AS made (${attemptColumns}, status, due_at, completed_at)
         ), fresh AS (${insertAttempts('made')}
         ), ended AS (
         UPDATE deliveries d
         SET status = made.status, due_at = coalesce(made.due_at, d.due_at), completed_at = made.completed_at,
             last_error_class = made.error_class, started_at = coalesce(d.started_at, made.started_at)
         FROM made JOIN fresh USING (tenant_id, delivery_id)
         WHERE d.tenant_id = made.tenant_id AND d.id = made.delivery_id AND ${inIdRange('d.id')}
           -- Not as a condition that indexes of what is pending know: there may be many, and the key finds the one.
           AND CASE WHEN d.status = 'pending' THEN true ELSE false END
         RETURNING ${endedColumns}
         )
         ${noteFailures('ended')}`,
        [
          ...attemptBindings(made),
          made.map((m) => m.status),
          made.map((m) => m.dueAt),
          made.map((m) => (m.status === 'pending' ? null : endOf(m.attempt))),
          ...range,
          ...range,
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
         WHERE d.tenant_id = p.tenant_id AND d.id = p.id AND ${inIdRange('d.id')} AND d.status = 'pending'`,
        [
          ordered.map((p) => p.tenantId),
          ordered.map((p) => p.deliveryId),
          ordered.map((p) => p.dueAt),
          ...idRangeBindings(ordered.map((p) => p.deliveryId)),
        ],
      )
      .options({ name: 'postpone_attempts' });
    return postponements.map(() => {});
  }

  return {
    /** Null: there is no such delivery (any more). */
    loadAttempt: (request: AttemptRequest): Promise<LoadedAttempt | null> => load(request),

    /**
     * Stores an attempt and what follows from it for the delivery, once: a second call for the same number
     * changes nothing, nor does one for a delivery that there is not. `dueAt` is the next attempt's time when `status` stays pending.
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

/** Null: its event is gone, or the payload of it. */
function toLoadedAttempt(row: LoadedRow, answeredAt: number): LoadedAttempt | null {
  if (row.payload === null || row.occurred_at === null) return null;
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
      disabledFailingSince: row.disabled_failing_since,
    },
    event: { id: row.event_id, type: row.event_type, occurredAt: row.occurred_at, payloadJson: row.payload },
    secrets: row.secrets ?? [],
    traceContext: row.trace_context,
    now: () => new Date(row.read_at.getTime() + performance.now() - answeredAt),
    recorded:
      row.recorded_number === null
        ? null
        : { errorClass: row.recorded_error_class, statusCode: row.recorded_status_code },
  };
}
