/** What the workflow that removes what is old and its activities agree on. Imported by workflow code. */

export const retentionWorkflowType = 'retention';

/** Tables that are partitioned by time. */
export const partitionedTables = ['events', 'deliveries', 'attempts', 'audit'] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

/** How long what is kept, in milliseconds. */
export interface RetentionPeriods {
  /** Events, deliveries and attempts. */
  retentionMs: number;
  auditMs: number;
  /** Publishers' ids of events, by which a repetition is known. */
  dedupeMs: number;
  /** Payloads of events, and what receivers answered; null: as long as their events. */
  payloadMs: number | null;
}

/** A partition that is over. Instants are RFC 3339 UTC. */
export interface ExpiredPartition {
  table: PartitionedTable;
  name: string;
  /** Null: since the beginning. */
  from: string | null;
  /** Exclusive. */
  to: string;
  rows: number;
}

export interface PartitionsMade {
  made: string[];
  /** Rows that had no partition of their own when they were stored, and have one now. */
  caught: number;
}

export interface PartitionsDropped {
  dropped: ExpiredPartition[];
  /** They are over as well, but deliveries that are still pending need them. */
  waiting: ExpiredPartition[];
  /** Old rows that stood in no partition of their own. */
  strays: number;
}

export interface PayloadsRemoved {
  payloads: number;
  responseBodies: number;
}

export interface EventKeysRemoved {
  eventKeys: number;
}

/** What one run removed, as the Web UI shows it. */
export type RetentionResult = PartitionsMade & PartitionsDropped & PayloadsRemoved & EventKeysRemoved;

/** Safe to run at any time, anywhere, as often as wanted: each goes on where it was ended. */
export interface RetentionActivities {
  makePartitions(): Promise<PartitionsMade>;
  dropPartitions(): Promise<PartitionsDropped>;
  removePayloads(): Promise<PayloadsRemoved>;
  removeEventKeys(): Promise<EventKeysRemoved>;
}

const dayMs = 24 * 60 * 60_000;

/**
 * How much time a partition spans: a tenth of what is kept, in whole days. Every statement that may meet any partition
 * is planned for all of them, so there are never many.
 */
export function partitionWidthMs(retentionMs: number): number {
  return Math.max(1, Math.ceil(retentionMs / 10 / dayMs)) * dayMs;
}

/** Partitions are made for at least this long ahead: that long nobody need care for them. */
export const partitionsAheadMs = 7 * dayMs;

/** Midnight (UTC) after `at`. */
export function endOfDay(at: Date): Date {
  return new Date((Math.floor(at.getTime() / dayMs) + 1) * dayMs);
}
