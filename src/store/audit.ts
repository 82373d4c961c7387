import { nextId, smallestIdAt, timestampOfId } from '../domain/ids';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';

/** One line of the audit log: who did what to which object. Names of fields, never their values. */
export interface AuditEntry {
  id: string;
  at: Date;
  /** Null: the installation's own, or a caller that is not known. */
  tenantId: string | null;
  /** `client:<id>`, `session:<id>`, `operator:<id>`, `link:<id>`, `portal:<user name>`, `cli`, `worker`, or `unknown`. */
  actor: string;
  /** Such as `webhook.create`. */
  action: string;
  objectType: string;
  /** Empty: there is none, as in what was refused before it came to be. */
  objectId: string;
  fields: string[];
  address: string | null;
  requestId: string | null;
  outcome: 'success' | 'failure';
  /** How many of the same it stands for; the other columns are those of the first. */
  count: number;
}

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at' | 'count'> & { count?: number };

export interface AuditRow {
  id: string;
  at: Date;
  tenant_id: string | null;
  actor: string;
  action: string;
  object_type: string;
  object_id: string;
  fields: string[];
  address: string | null;
  request_id: string | null;
  outcome: 'success' | 'failure';
  count: number;
}

export const toAuditEntry = (row: AuditRow): AuditEntry => ({
  id: row.id,
  at: row.at,
  tenantId: row.tenant_id,
  actor: row.actor,
  action: row.action,
  objectType: row.object_type,
  objectId: row.object_id,
  fields: row.fields,
  address: row.address,
  requestId: row.request_id,
  outcome: row.outcome,
  count: row.count,
});

export type AuditStore = ReturnType<typeof createAuditStore>;

/** Append-only: there is no update and no delete here, and PostgreSQL refuses both. */
export function createAuditStore(database: Database) {
  async function append(entry: NewAuditEntry, within: Database = database): Promise<void> {
    const id = nextId();
    await within('audit').insert({
      tenant_id: entry.tenantId,
      id,
      at: new Date(timestampOfId(id)),
      actor: entry.actor,
      action: entry.action,
      object_type: entry.objectType,
      object_id: entry.objectId,
      fields: entry.fields,
      address: entry.address,
      request_id: entry.requestId,
      outcome: entry.outcome,
      count: entry.count ?? 1,
    });
  }

  return {
    append,

    /** What `act` does in the transaction, and the entry that tells of it: both or neither. */
    async together<T>(entry: NewAuditEntry, act: (within: Database) => Promise<T>): Promise<T> {
      return database.transaction(async (within) => {
        const done = await act(within);
        await append(entry, within);
        return done;
      });
    },

    /**
     * Appends unless the tenant's log has one of the same action and object from the last `ms`, whoever wrote it.
     * False: it has.
     */
    async appendOnce(entry: NewAuditEntry, ms: number): Promise<boolean> {
      const { tenantId, action, objectId } = entry;
      return database.transaction(async (within) => {
        await within.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [
          `audit/${tenantId}/${action}/${objectId}`,
        ]);
        const recent = await within('audit')
          .where({ tenant_id: tenantId, action, object_id: objectId })
          .where('id', '>=', smallestIdAt(new Date(Date.now() - ms)))
          .first<{ id: string } | undefined>('id');
        if (recent) return false;
        await append(entry, within);
        return true;
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
      return toPage(rows, query.limit, (row) => row.id, toAuditEntry);
    },
  };
}
