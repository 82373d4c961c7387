import type { Knex } from 'knex';

/**
 * The milliseconds from the first to the last of some ids (UUIDv7), as bounds on ids. Statements on tables partitioned by
 * id name them beside the ids themselves: PostgreSQL looks only into the partitions between them then.
 */
export function rangeOfIds(ids: readonly string[]): { from: string; to: string } {
  const sorted = ids.toSorted();
  return {
    from: `${sorted.at(0)?.slice(0, 13)}-0000-0000-000000000000`,
    to: `${sorted.at(-1)?.slice(0, 13)}-ffff-ffff-ffffffffffff`,
  };
}

/**
 * SQL for "the column is in the range of the two bindings", for prepared statements. `concat` is stable, not immutable:
 * partitions are left out when the statement starts, not when it is planned. With plain parameters a plan for the values
 * at hand would look so much cheaper than one for all values that PostgreSQL would plan anew each time, which costs
 * several times the statement.
 */
export const inIdRange = (column: string): string =>
  `${column} BETWEEN concat(?::text)::uuid AND concat(?::text)::uuid`;

/** Its bindings. */
export const idRangeBindings = (ids: readonly string[]): Knex.RawBinding[] => {
  const { from, to } = rangeOfIds(ids);
  return [from, to];
};
