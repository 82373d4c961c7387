import { smallestIdAt } from '../domain/ids';
import { toAuditEntry, type AuditEntry, type AuditRow } from './audit';
import type { Database } from './database';

/** Which entries an operator reads: of every tenant and of none, unless said otherwise. */
export interface AuditFilter {
  tenantId?: string;
  action?: string;
  /** Inclusive. */
  since?: Date;
  /** Exclusive. */
  until?: Date;
}

export type AuditReader = ReturnType<typeof createAuditReader>;

/** The audit log for whoever runs the installation; a tenant's own view of it is `AuditStore.list`. */
export function createAuditReader(database: Database) {
  const matching = ({ tenantId, action, since, until }: AuditFilter) =>
    database('audit').modify((q) => {
      if (tenantId) void q.where('tenant_id', tenantId);
      if (action) void q.where('action', action);
      if (since) void q.where('id', '>=', smallestIdAt(since));
      if (until) void q.where('id', '<', smallestIdAt(until));
    });

  return {
    /** The newest `limit`, in the order they were written. */
    async latest(filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
      const rows = await matching(filter).orderBy('id', 'desc').limit(limit).select<AuditRow[]>('*');
      return rows.reverse().map(toAuditEntry);
    },

    /** All of them in the order they were written, a page in memory at a time. */
    async *inOrder(filter: AuditFilter, { pageSize = 1_000 } = {}): AsyncGenerator<AuditEntry> {
      let last: string | null = null;
      for (;;) {
        const page = matching(filter).orderBy('id').limit(pageSize);
        if (last !== null) void page.where('id', '>', last);
        const rows: AuditRow[] = await page.select<AuditRow[]>('*');
        yield* rows.map(toAuditEntry);
        last = rows.at(-1)?.id ?? null;
        if (rows.length < pageSize) return;
      }
    },
  };
}
