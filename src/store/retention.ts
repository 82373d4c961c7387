import type { ExpiredPartition, PartitionedTable, PartitionsDropped } from '../domain/retention-run';
import type { NewAuditEntry } from './audit';
import type { Database } from './database';
import { removeEventKeys } from './event-key-retention';
import {
  defaultPartition,
  idAt,
  listPartitions,
  makePartitions,
  partitionColumns,
  withShortLocks,
  type Partition,
} from './partitions';
import { removePayloads } from './payload-retention';

/** How a removal is done. */
export interface Removal {
  /** What is older goes. */
  before: Date;
  /** Tells what would be removed, and removes nothing. */
  dryRun?: boolean;
  /** Called after each bounded part of the work; what it throws ends the work there. */
  onProgress?(): void;
}

export type RetentionStore = ReturnType<typeof createRetentionStore>;

/**
 * Removes what is old, of all tenants. Nothing that a pending delivery needs is ever removed.
 * @param database statements on it may take minutes
 */
export function createRetentionStore(database: Database) {
  return {
    makePartitions: (options: Parameters<typeof makePartitions>[1]) => makePartitions(database, options),

    /** Drops the partitions that are over. `auditBefore`: the same as `before` for the audit log. */
    async dropPartitions({ before, auditBefore, ...how }: Removal & { auditBefore: Date }): Promise<PartitionsDropped> {
      const result: PartitionsDropped = { dropped: [], waiting: [], strays: 0 };
      // Children first: what is shown of a delivery is there as long as the delivery.
      for (const table of ['attempts', 'deliveries', 'events', 'audit'] as const) {
        const end = table === 'audit' ? auditBefore : before;
        const partitions = await listPartitions(database, table);
        for (const partition of partitions.filter(({ to }) => to <= end)) {
          const expired = await described(database, partition);
          const gone = how.dryRun ? !(await isNeeded(database, partition)) : await drop(database, partition);
          (gone ? result.dropped : result.waiting).push(expired);
          how.onProgress?.();
        }
        result.strays += await removeStrays(table, { ...how, before: end });
      }
      return result;
    },

    removePayloads: (removal: Removal) => removePayloads(database, removal),
    removeEventKeys: (removal: Removal) => removeEventKeys(database, removal),
  };

  /** Rows of the default partition: a clock that was wrong once made them. */
  async function removeStrays(table: PartitionedTable, { before, dryRun, onProgress }: Removal): Promise<number> {
    const from = defaultPartition(table);
    const old = `${partitionColumns[table]} < ? AND NOT EXISTS (${needing(table, from)})`;
    if (dryRun) {
      const { rows } = await database.raw<{ rows: { count: number }[] }>(
        `SELECT count(*) AS count FROM ${from} WHERE ${old}`,
        [idAt(before)],
      );
      return rows[0]?.count ?? 0;
    }
    for (let removed = 0; ;) {
      const { rowCount } = await database.transaction(async (within) => {
        await within.raw(withShortLocks);
        return within.raw<{ rowCount: number }>(
          `DELETE FROM ${from} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${from} WHERE ${old} LIMIT ${batch}))`,
          [idAt(before)],
        );
      });
      removed += rowCount;
      onProgress?.();
      if (rowCount < batch) return removed;
    }
  }
}

/** What the audit log says of a partition that was dropped. */
export function droppedEntry(actor: 'worker' | 'cli', { name }: ExpiredPartition): NewAuditEntry {
  return {
    tenantId: null,
    actor,
    action: 'retention.drop',
    objectType: 'partition',
    objectId: name,
    fields: [],
    address: null,
    requestId: null,
    outcome: 'success',
  };
}

const batch = 1_000;

/** Deliveries that are pending and need a row of `from`. */
function needing(table: PartitionedTable, from: string): string {
  const pending = `SELECT FROM deliveries pending WHERE pending.status = 'pending' AND pending.tenant_id = ${from}.tenant_id`;
  if (table === 'events') return `${pending} AND pending.event_uid = ${from}.id`;
  if (table === 'audit') return `${pending} AND false`;
  return `${pending} AND pending.id = ${from}.${partitionColumns[table]}`;
}

/** Whether a delivery that is pending needs something of it. */
async function isNeeded(within: Database, { table, from, to }: Partition): Promise<boolean> {
  if (table === 'audit') return false;
  const key = table === 'events' ? 'event_uid' : 'id';
  const { rows } = await within.raw<{ rows: unknown[] }>(
    `SELECT 1 FROM deliveries WHERE status = 'pending' AND ${key} >= ? AND ${key} < ? LIMIT 1`,
    [idAt(from ?? new Date(0)), idAt(to)],
  );
  return rows.length > 0;
}

/** False: it is needed. */
async function drop(database: Database, partition: Partition): Promise<boolean> {
  // Looked at first without a lock: one that has to wait is looked at again and again.
  if (await isNeeded(database, partition)) return false;
  return database.transaction(async (within) => {
    await within.raw(withShortLocks);
    // From here on nobody makes a new delivery of its events: that reads the event in the same transaction.
    await within.raw(`LOCK TABLE ONLY ${partition.table} IN ACCESS EXCLUSIVE MODE`);
    await within.raw(`LOCK TABLE ${partition.name} IN ACCESS EXCLUSIVE MODE`);
    if (await isNeeded(within, partition)) return false;
    await within.raw(`DROP TABLE ${partition.name}`);
    return true;
  });
}

async function described(database: Database, { table, name, from, to }: Partition): Promise<ExpiredPartition> {
  const { rows } = await database.raw<{ rows: { count: number }[] }>(`SELECT count(*) AS count FROM ${name}`);
  return { table, name, from: from?.toISOString() ?? null, to: to.toISOString(), rows: rows[0]?.count ?? 0 };
}
