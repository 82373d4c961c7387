import type { PayloadsRemoved } from '../domain/retention-run';
import { timestampOfId } from '../domain/ids';
import type { Database } from './database';
import { idAt } from './partitions';
import type { Removal } from './retention';

/** Rows changed by one transaction at most. */
const batch = 500;

/**
 * Empties what events and attempts hold of people: payloads, and what receivers answered, body and headers. What a pending
 * delivery needs is passed over; the next run comes back to it.
 */
export async function removePayloads(database: Database, removal: Removal): Promise<PayloadsRemoved> {
  const { before, dryRun = false, onProgress } = removal;
  const progress = await database('retention_progress').first<{ payloads_gone_until: Date }>('payloads_gone_until');
  const since = progress.payloads_gone_until;
  if (since >= before) return { payloads: 0, responseBodies: 0 };

  const tenants = await database('tenants').orderBy('id').select<{ id: string }[]>('id');
  let oldestKept = before.getTime();
  async function emptyAll(of: Emptied): Promise<number> {
    let count = 0;
    for (const { id: tenantId } of tenants) {
      for (let after: Row = { id: idAt(since), also: -1 }; ;) {
        const done = await emptySome(database, of, { tenantId, after, before: idAt(before), dryRun });
        count += done.emptied;
        for (const id of done.kept) oldestKept = Math.min(oldestKept, timestampOfId(id));
        onProgress?.();
        if (done.last === null) break;
        after = done.last;
      }
    }
    return count;
  }
  const payloads = await emptyAll(payloadsOfEvents);
  const responseBodies = await emptyAll(answersOfAttempts);
  if (!dryRun) await database('retention_progress').update({ payloads_gone_until: new Date(oldestKept) });
  return { payloads, responseBodies };
}

/** Columns that are emptied. */
interface Emptied {
  table: string;
  columns: readonly string[];
  /** Says when a row was made, and is unique within a tenant together with `also`. */
  id: string;
  also: string;
  /** Of a delivery that needs it while pending. */
  neededBy: string;
}

const payloadsOfEvents: Emptied = { table: 'events', columns: ['payload'], id: 'id', also: '0', neededBy: 'event_uid' };
const answersOfAttempts: Emptied = {
  table: 'attempts',
  columns: ['response_body', 'response_headers'],
  id: 'delivery_id',
  also: 'number',
  neededBy: 'id',
};

interface Row {
  id: string;
  also: number;
}

/** Null `last`: there are no more. */
async function emptySome(
  database: Database,
  { table, columns, id, also, neededBy }: Emptied,
  { tenantId, after, before, dryRun }: { tenantId: string; after: Row; before: string; dryRun: boolean },
): Promise<{ emptied: number; kept: string[]; last: Row | null }> {
  const isFull = columns.map((column) => `${column} IS NOT NULL`).join(' OR ');
  const emptied = columns.map((column) => `${column} = NULL`).join(', ');
  return database.transaction(async (within) => {
    // Locked before it is asked whether they are needed: who makes a new delivery of an event locks it, too.
    const { rows: found } = await within.raw<{ rows: Row[] }>(
      `SELECT ${id} AS id, ${also} AS also FROM ${table}
       WHERE tenant_id = ? AND ${id} >= ? AND (${id}, ${also}) > (?, ?) AND ${id} < ? AND (${isFull})
       ORDER BY 1, 2 LIMIT ${batch} ${dryRun ? '' : 'FOR UPDATE'}`,
      [tenantId, after.id, after.id, after.also, before],
    );
    const { rows: needed } = await within.raw<{ rows: { id: string }[] }>(
      `SELECT DISTINCT ${neededBy} AS id FROM deliveries
       WHERE tenant_id = ? AND status = 'pending' AND ${neededBy} = ANY (?)`,
      [tenantId, found.map((row) => row.id)],
    );
    const kept = new Set(needed.map((row) => row.id));
    const old = found.filter((row) => !kept.has(row.id));
    if (!dryRun && old.length > 0) {
      await within.raw(
        `UPDATE ${table} SET ${emptied}
         FROM unnest(?::uuid[], ?::smallint[]) AS old (id, also)
         WHERE ${table}.tenant_id = ? AND ${table}.${id} = old.id AND ${also === '0' ? '0' : `${table}.${also}`} = old.also
           AND ${table}.${id} >= ? AND ${table}.${id} < ?`,
        [old.map((row) => row.id), old.map((row) => row.also), tenantId, after.id, before],
      );
    }
    return { emptied: old.length, kept: [...kept], last: found.length < batch ? null : (found.at(-1) ?? null) };
  });
}
