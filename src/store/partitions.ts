import {
  endOfDay,
  partitionedTables,
  partitionsAheadMs,
  type PartitionedTable,
  type PartitionsMade,
} from '../domain/retention-run';
import { timestampOfId } from '../domain/ids';
import type { Database } from './database';

/** A partition with the time it spans. */
export interface Partition {
  table: PartitionedTable;
  name: string;
  /** Null: since the beginning. */
  from: Date | null;
  /** Exclusive. */
  to: Date;
}

/** The column with the UUIDv7 that says which partition a row is in. */
export const partitionColumns: Record<PartitionedTable, string> = {
  events: 'id',
  deliveries: 'id',
  attempts: 'delivery_id',
  audit: 'id',
};

/** What takes the rows that have no partition. */
export const defaultPartition = (table: PartitionedTable): string => `${table}_default`;

/** The bound of a partition at an instant: not greater than any id of it. */
export function idAt(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** Everybody waits behind who waits for such a lock: give up soon, another run comes. */
export const withShortLocks =
  "SELECT set_config('lock_timeout', '2s', true), set_config('everhook.retention', 'on', true)";

/** Any number of our own, one for all who change partitions. */
const partitionsLock = 7_262_110_427;

/** Of one table, oldest first, without the default one. */
export async function listPartitions(database: Database, table: PartitionedTable): Promise<Partition[]> {
  const { rows } = await database.raw<{ rows: { name: string; bound: string }[] }>(
    `SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ?::regclass`,
    [table],
  );
  return rows
    .flatMap(({ name, bound }): Partition[] => {
      const [, from, to] = /^FOR VALUES FROM \((?:MINVALUE|'([^']+)')\) TO \('([^']+)'\)$/.exec(bound) ?? [];
      if (to === undefined) return [];
      const since = from === undefined ? null : new Date(timestampOfId(from));
      return [{ table, name, from: since, to: new Date(timestampOfId(to)) }];
    })
    .sort((a, b) => a.to.getTime() - b.to.getTime());
}

/**
 * Makes the partitions of now and of the next days, and gives what the default partition caught one of its own. Safe for
 * many processes at once: the others wait, and find nothing to do.
 * @param options.widthMs what each of them spans
 */
export async function makePartitions(
  database: Database,
  { widthMs, now = new Date() }: { widthMs: number; now?: Date },
): Promise<PartitionsMade> {
  const result: PartitionsMade = { made: [], caught: 0 };
  for (const table of partitionedTables) {
    await database.transaction(async (within) => {
      await within.raw('SELECT pg_advisory_xact_lock(?)', [partitionsLock]);
      await within.raw(withShortLocks);
      let end = (await listPartitions(within, table)).at(-1)?.to ?? startOfDay(now);
      if (end <= now) {
        // Nobody has made any for a while.
        const missed = { table, name: nameOf(table, end), from: end, to: endOfDay(now) };
        const nothing = await isEmpty(within, defaultPartition(table));
        result.caught += nothing ? await make(within, missed) : await giveItsOwn(within, missed);
        result.made.push(missed.name);
        end = missed.to;
      }
      while (end.getTime() < now.getTime() + partitionsAheadMs) {
        const next = { table, name: nameOf(table, end), from: end, to: new Date(end.getTime() + widthMs) };
        result.caught += await make(within, next);
        result.made.push(next.name);
        end = next.to;
      }
    });
  }
  return result;
}

/** Returns how many rows it took over from the default partition: those of a clock that was ahead. */
async function make(within: Database, { table, name, from, to }: Partition & { from: Date }): Promise<number> {
  // First the parent, then the partition, as everybody else.
  await within.raw(`LOCK TABLE ONLY ${table} IN SHARE UPDATE EXCLUSIVE MODE`);
  await within.raw(`LOCK TABLE ${defaultPartition(table)} IN ACCESS EXCLUSIVE MODE`);
  await within.raw(`CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
  const column = partitionColumns[table];
  const moved = await within.raw<{ rowCount: number }>(
    `WITH moved AS (DELETE FROM ${defaultPartition(table)} WHERE ${column} >= ? AND ${column} < ? RETURNING *)
     INSERT INTO ${name} SELECT * FROM moved`,
    [idAt(from), idAt(to)],
  );
  await attach(within, { table, name, from, to });
  await lockUp(within, table, name);
  return moved.rowCount;
}

/**
 * The default partition becomes the partition of the time whose rows it caught: however many there are, none is moved but
 * those of other times. Returns how many it has.
 */
async function giveItsOwn(within: Database, { table, name, from, to }: Partition & { from: Date }): Promise<number> {
  const column = partitionColumns[table];
  await within.raw(`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`);
  await within.raw(`ALTER TABLE ${table} DETACH PARTITION ${defaultPartition(table)}`);
  await within.raw(`ALTER TABLE ${defaultPartition(table)} RENAME TO ${name}`);
  await within.raw(`CREATE TABLE ${defaultPartition(table)} PARTITION OF ${table} DEFAULT`);
  await lockUp(within, table, defaultPartition(table));
  await within.raw(
    `WITH moved AS (DELETE FROM ${name} WHERE ${column} < ? OR ${column} >= ? RETURNING *)
     INSERT INTO ${table} SELECT * FROM moved`,
    [idAt(from), idAt(to)],
  );
  await attach(within, { table, name, from, to });
  const { rows } = await within.raw<{ rows: { count: number }[] }>(`SELECT count(*) AS count FROM ${name}`);
  return rows[0]?.count ?? 0;
}

async function attach(within: Database, { table, name, from, to }: Partition & { from: Date }): Promise<void> {
  await within.raw(
    `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${idAt(from)}') TO ('${idAt(to)}')`,
  );
}

/** Tenants come by way of the parent, whose policy it is: a partition itself shows them nothing. */
async function lockUp(within: Database, table: PartitionedTable, name: string): Promise<void> {
  await within.raw(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`);
  if (table !== 'audit') return;
  // Triggers for rows come with the parent's; those for statements do not.
  await within.raw(
    `CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON ${name}
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()`,
  );
}

async function isEmpty(within: Database, name: string): Promise<boolean> {
  const { rows } = await within.raw<{ rows: unknown[] }>(`SELECT 1 FROM ${name} LIMIT 1`);
  return rows.length === 0;
}

/** Such as `events_20260131`, after its first day; with the hour where that is not midnight. */
function nameOf(table: PartitionedTable, from: Date): string {
  return `${table}_${from.toISOString().slice(0, 13).replace(/[-T]/g, '').replace(/00$/, '')}`;
}

function startOfDay(at: Date): Date {
  return new Date(endOfDay(at).getTime() - 24 * 60 * 60_000);
}
