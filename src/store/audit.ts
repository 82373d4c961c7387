import { newId } from '../domain/ids';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';

/** One line of the audit log: who did what to which object. Names of fields, never their values. */
export interface AuditEntry {
  id: string;
  at: Date;
  /** `client:<id>`, or `cli`. */
  actor: string;
  /** Such as `webhook.create`. */
  action: string;
  objectType: string;
  objectId: string;
  fields: string[];
  address: string | null;
  requestId: string | null;
  outcome: 'success' | 'failure';
}

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'> & { tenantId: string };

interface AuditRow {
  id: string;
  at: Date;
  actor: string;
  action: string;
  object_type: string;
  object_id: string;
  fields: string[];
  address: string | null;
  request_id: string | null;
  outcome: 'success' | 'failure';
}

export type AuditStore = ReturnType<typeof createAuditStore>;

/** Append-only: there is no update and no delete here. */
export function createAuditStore(database: Database) {
  return {
    async append(entry: NewAuditEntry, within: Database = database): Promise<void> {
      await within('audit').insert({
        tenant_id: entry.tenantId,
        id: newId(),
        at: new Date(),
        actor: entry.actor,
        action: entry.action,
        object_type: entry.objectType,
        object_id: entry.objectId,
        fields: entry.fields,
        address: entry.address,
        request_id: entry.requestId,
        outcome: entry.outcome,
      });
    },

    async list(tenantId: string, query: ListQuery & { action?: string }): Promise<Page<AuditEntry>> {
      const { below, from } = idBounds(query);
      const rows = await database('audit')
        .where({ tenant_id: tenantId })
        .modify((q) => {
          if (query.action) void q.where('action', query.action);
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<AuditRow[]>('*');
      return toPage(
        rows,
        query.limit,
        (row) => row.id,
        (row) => ({
          id: row.id,
          at: row.at,
          actor: row.actor,
          action: row.action,
          objectType: row.object_type,
          objectId: row.object_id,
          fields: row.fields,
          address: row.address,
          requestId: row.request_id,
          outcome: row.outcome,
        }),
      );
    },
  };
}
