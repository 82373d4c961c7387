import type { AuditEntry } from '../../store/audit';
import type { ShownAuditEntry } from '../schemas/audit';

/** As its tenant sees it. */
export const presentAuditEntry = (entry: AuditEntry): ShownAuditEntry => ({
  id: entry.id,
  at: entry.at.toISOString(),
  actor: entry.actor,
  action: entry.action,
  objectType: entry.objectType,
  objectId: entry.objectId,
  fields: entry.fields,
  address: entry.address,
  requestId: entry.requestId,
  outcome: entry.outcome,
  count: entry.count,
});
