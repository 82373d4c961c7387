import { historyOf, type ConsentHistory } from '../domain/consent/history';
import type { AcceptedAction, ConsentAction } from '../domain/consent/machine';
import { durationsOf, toConsent, type ConsentRow } from './consent-row';
import type { Consent } from '../domain/consent/consent';
import type { Database } from './database';

/** A consent and the way it went; `outstanding`: accepted, and not carried out yet. */
export interface ConsentWithHistory extends ConsentHistory {
  consent: Consent;
  outstanding: AcceptedAction[];
}

/** Row and actions as of one moment; null for an unknown id or another tenant's. */
export async function readConsentHistory(
  tenantId: string,
  id: string,
  database: Database,
): Promise<ConsentWithHistory | null> {
  const { rows } = await database.raw<{
    rows: (ConsentRow & { action: ConsentAction | null; accepted_at: Date; settled_at: Date | null })[];
  }>(
    `SELECT c.*, a.action, a.accepted_at, a.settled_at
     FROM consents c LEFT JOIN consent_actions a ON a.tenant_id = c.tenant_id AND a.consent_id = c.id
     WHERE c.tenant_id = ? AND c.id = ? ORDER BY a.number`,
    [tenantId, id],
  );
  const [row] = rows;
  if (!row) return null;
  const actions = rows.flatMap(({ action, accepted_at, settled_at }) =>
    action === null ? [] : [{ action, acceptedAt: accepted_at, isDone: settled_at !== null }],
  );
  const done = actions.filter(({ isDone }) => isDone);
  return {
    consent: toConsent(row),
    ...historyOf(row.created_at, durationsOf(row), done, row.status_updated_at),
    outstanding: actions
      .filter(({ isDone }) => !isDone)
      .map(({ action, acceptedAt }): AcceptedAction => ({ action, acceptedAt })),
  };
}
