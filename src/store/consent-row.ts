import type { Consent, ConsentType } from '../domain/consent/consent';
import { consentEventId, type ConsentEventPayload, type EventSubject } from '../domain/consent/event';
import type {
  AcceptedAction,
  ConsentAction,
  ConsentDurations,
  ConsentEvent,
  ConsentState,
  ConsentStatus,
} from '../domain/consent/machine';
import type { NewEvent } from '../domain/event';
import type { Database } from './database';

export interface ConsentRow {
  tenant_id: string;
  id: string;
  type: ConsentType;
  status: ConsentStatus;
  permissions: string[];
  expiration_date_time: Date | null;
  decision_ms: number;
  consumption_ms: number;
  created_at: Date;
  status_updated_at: Date;
  expires_at: Date | null;
  look_at: Date | null;
}

/** Now, in whole milliseconds, asked within a transaction. */
export type Clock = (within: Database) => Promise<Date>;

/**
 * One clock decides all deadlines: PostgreSQL's, read under the lock of the consent's row. What is accepted before a
 * deadline was therefore stored before anyone could find the deadline passed.
 */
export const postgresClock: Clock = async (within) => {
  const { rows } = await within
    .raw<{ rows: { now: Date }[] }>(`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`)
    .options({ name: 'clock' });
  const [row] = rows;
  if (!row) throw new Error('the clock gave no answer');
  return row.now;
};

/**
 * The rows of a tenant's consents, and from now to the end of the transaction nobody else changes them. Locked in the
 * order of their ids, so that two who lock several never wait for each other.
 */
export async function lockConsents(tenantId: string, ids: readonly string[], within: Database): Promise<ConsentRow[]> {
  const { rows } = await within
    .raw<{ rows: ConsentRow[] }>(
      `SELECT * FROM consents WHERE tenant_id = ? AND id = ANY (?::uuid[]) ORDER BY id FOR UPDATE`,
      [tenantId, [...ids]],
    )
    .options({ name: 'lock_consents' });
  return rows;
}

/**
 * What was accepted and not carried out yet, by the consent's id, in the order of acceptance. A statement of its own,
 * after the lock: one that had to wait for the lock would not see what was stored meanwhile.
 */
export async function outstandingActions(
  tenantId: string,
  ids: readonly string[],
  within: Database,
): Promise<Map<string, AcceptedAction[]>> {
  const { rows } = await within
    .raw<{ rows: { consent_id: string; action: ConsentAction; accepted_at: Date }[] }>(
      `SELECT consent_id, action, accepted_at FROM consent_actions
       WHERE tenant_id = ? AND consent_id = ANY (?::uuid[]) AND settled_at IS NULL ORDER BY number`,
      [tenantId, [...ids]],
    )
    .options({ name: 'outstanding_actions' });
  const actions = new Map<string, AcceptedAction[]>();
  for (const { consent_id, action, accepted_at } of rows) {
    actions.set(consent_id, [...(actions.get(consent_id) ?? []), { action, acceptedAt: accepted_at }]);
  }
  return actions;
}

export const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

export const durationsOf = (row: ConsentRow): ConsentDurations => ({
  decisionMs: row.decision_ms,
  consumptionMs: row.consumption_ms,
});

export const stateOf = (row: ConsentRow): ConsentState => ({
  status: row.status,
  since: row.status_updated_at,
  expiresAt: row.expires_at,
});

export function newConsentEvent(
  subject: EventSubject,
  event: ConsentEvent,
  payload: ConsentEventPayload,
  at: Date,
): NewEvent {
  return {
    eventId: consentEventId(subject.id, event),
    type: event,
    payload,
    occurredAt: at,
    webhookId: null,
    // What separates the streams: a Celcoin webhook of one type hears of its consents only.
    channel: subject.type,
  };
}

export const toConsent = (row: ConsentRow): Consent => ({
  tenantId: row.tenant_id,
  id: row.id,
  type: row.type,
  status: row.status,
  permissions: row.permissions,
  expirationDateTime: row.expiration_date_time,
  createdAt: row.created_at,
  statusUpdatedAt: row.status_updated_at,
  expiresAt: row.expires_at,
});
