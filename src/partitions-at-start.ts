import { partitionWidthMs } from './domain/retention-run';
import { retentionPeriods } from './platform/config';
import type { Logger } from './platform/logging';
import type { Database } from './store/database';
import { makePartitions } from './store/partitions';

/**
 * Retention makes partitions ahead by itself: this is for the first start, and for one after a long time. A start does not
 * fail for it: a row that has no partition has a place anyway.
 */
export async function makePartitionsAtStart(
  config: Parameters<typeof retentionPeriods>[0],
  database: Database,
  log: Logger,
): Promise<void> {
  const { retentionMs } = retentionPeriods(config);
  try {
    await makePartitions(database, { widthMs: partitionWidthMs(retentionMs) });
  } catch (error) {
    log.warn({ err: error }, 'partitions could not be made; the next run of retention tries again');
  }
}
