import type { Knex } from 'knex';
import type { AttemptRecord } from '../domain/delivery';
import { inIdRange } from './id-range';

/** What statements on attempts share, whoever makes the attempts: a delivery's own run, or a burst. */

interface MadeAttempt {
  tenantId: string;
  deliveryId: string;
  attempt: AttemptRecord;
}

/** Names of the columns of {@link attemptBindings}. */
export const attemptColumns =
  'tenant_id, delivery_id, number, started_at, duration_ms, status_code, error_class, response_body, response_headers';

/**
 * Arguments of `unnest` with an attempt a row. Arrays as subqueries: PostgreSQL knows no more of their length when it plans
 * for given values, so it keeps the one plan for all.
 */
export const attemptArrays =
  '(SELECT ?::uuid[]), (SELECT ?::uuid[]), (SELECT ?::smallint[]), (SELECT ?::timestamptz[]), (SELECT ?::integer[]), ' +
  '(SELECT ?::smallint[]), (SELECT ?::text[]), (SELECT ?::text[]), (SELECT ?::json[])';

export const attemptBindings = (made: readonly MadeAttempt[]) =>
  [
    made.map((m) => m.tenantId),
    made.map((m) => m.deliveryId),
    made.map((m) => m.attempt.number),
    made.map((m) => m.attempt.startedAt),
    made.map((m) => m.attempt.durationMs),
    made.map((m) => m.attempt.statusCode),
    made.map((m) => m.attempt.errorClass),
    made.map((m) => m.attempt.responseBody),
    made.map(({ attempt: { responseHeaders } }) => (responseHeaders ? JSON.stringify(responseHeaders) : null)),
  ] as Knex.RawBinding[];

/**
 * Stores the attempts of the CTE `made`, each once and only of a delivery that there is; gives the tenant and the delivery
 * of those that are new. Bindings: the range of the deliveries' ids.
 */
export const insertAttempts = (made: string) => `
  INSERT INTO attempts (${attemptColumns})
  SELECT ${attemptColumns}
  FROM ${made} CROSS JOIN LATERAL (
    SELECT FROM deliveries d
    WHERE d.tenant_id = ${made}.tenant_id AND d.id = ${made}.delivery_id AND ${inIdRange('d.id')} LIMIT 1
  ) AS known
  ON CONFLICT DO NOTHING
  RETURNING tenant_id, delivery_id`;

/** What is told of deliveries, `d`, whose attempt was recorded. */
export const endedColumns =
  'd.tenant_id, d.id, d.webhook_id, d.event_id, d.event_type, d.status, d.last_error_class, d.completed_at';

/** When the exchange was over. */
export function endOf({ startedAt, durationMs }: AttemptRecord): Date {
  return new Date(Date.parse(startedAt) + durationMs);
}

/** A webhook's secrets in force, as JSON: what signs now comes first. `tenantId` and `webhookId` are SQL. */
export const secretsInForce = (tenantId: string, webhookId: string) => `
  (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'field', s.field, 'ciphertext', s.ciphertext)
                    ORDER BY s.expires_at DESC NULLS FIRST, s.id DESC)
   FROM webhook_secrets s
   WHERE s.tenant_id = ${tenantId} AND s.webhook_id = ${webhookId}
     AND (s.expires_at IS NULL OR s.expires_at > now()))`;
