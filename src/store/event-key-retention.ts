import type { EventKeysRemoved } from '../domain/retention-run';
import type { Database } from './database';
import { idAt, listPartitions } from './partitions';
import type { Removal } from './retention';

/** 4 MiB: some 30,000 keys. */
const blocksAtOnce = 512;

/**
 * Forgets publishers' ids, so that they may be used again. Never before their event, which is found by it.
 *
 * The table is read from its beginning to its end, a bounded part by each statement: an index by time would cost every
 * publisher something, for what happens once a day.
 */
export async function removeEventKeys(database: Database, removal: Removal): Promise<EventKeysRemoved> {
  const { before, dryRun, onProgress } = removal;
  const [oldest] = await listPartitions(database, 'events');
  const eventsSince = oldest ? oldest.from : before;
  // Events of the first partition can be of any time.
  if (eventsSince === null) return { eventKeys: 0 };
  const old = idAt(eventsSince < before ? eventsSince : before);
  if (dryRun) {
    const { rows } = await database.raw<{ rows: { count: number }[] }>(
      'SELECT count(*) AS count FROM event_keys WHERE event_uid < ?',
      [old],
    );
    return { eventKeys: rows[0]?.count ?? 0 };
  }
  const { rows } = await database.raw<{ rows: { blocks: number }[] }>(
    `SELECT pg_relation_size('event_keys') / current_setting('block_size')::integer AS blocks`,
  );
  let eventKeys = 0;
  for (let block = 0; block < (rows[0]?.blocks ?? 0); block += blocksAtOnce) {
    const { rowCount } = await database.raw<{ rowCount: number }>(
      `DELETE FROM event_keys WHERE ctid >= ?::tid AND ctid < ?::tid AND event_uid < ?`,
      [`(${block},0)`, `(${block + blocksAtOnce},0)`, old],
    );
    eventKeys += rowCount;
    onProgress?.();
  }
  return { eventKeys };
}
