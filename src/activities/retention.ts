import { Context } from '@temporalio/activity';
import { partitionWidthMs, type RetentionActivities, type RetentionPeriods } from '../domain/retention-run';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { AuditStore } from '../store/audit';
import { classifyStoreError } from '../store/database';
import { droppedEntry, type RetentionStore } from '../store/retention';

/** What is removed, and after how long, is the worker's configuration: a run has no input. */
export function createRetentionActivities(dependencies: {
  retention: RetentionStore;
  periods: RetentionPeriods;
  audit: Pick<AuditStore, 'append'>;
  metrics: Pick<EngineMetrics, 'partitionsWaiting' | 'retentionRemoved'>;
  log: Logger;
}): RetentionActivities {
  const { retention, periods, audit, metrics, log } = dependencies;

  /** Beats by itself: a single statement may take minutes. */
  async function beating<Result>(work: (onProgress: () => void) => Promise<Result>): Promise<Result> {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 5_000);
    try {
      return await work(() => context.cancellationSignal.throwIfAborted());
    } catch (error) {
      throw classifyStoreError(error);
    } finally {
      clearInterval(beat);
    }
  }

  return {
    makePartitions: () =>
      beating(async () => {
        const result = await retention.makePartitions({ widthMs: partitionWidthMs(periods.retentionMs) });
        if (result.made.length > 0) log.info(result, 'made partitions');
        return result;
      }),

    dropPartitions: () =>
      beating(async (onProgress) => {
        const before = ago(periods.retentionMs);
        const result = await retention.dropPartitions({ before, auditBefore: ago(periods.auditMs), onProgress });
        for (const partition of result.dropped) {
          log.info(partition, 'dropped a partition');
          await audit.append(droppedEntry('worker', partition));
        }
        for (const partition of result.waiting) {
          log.warn(partition, 'a partition is over and stays: deliveries that need it are pending');
        }
        metrics.retentionRemoved('partition', result.dropped.length);
        metrics.partitionsWaiting(result.waiting.length);
        return result;
      }),

    removePayloads: () =>
      beating(async (onProgress) => {
        if (periods.payloadMs === null) return { payloads: 0, responseBodies: 0 };
        const result = await retention.removePayloads({ before: ago(periods.payloadMs), onProgress });
        metrics.retentionRemoved('payload', result.payloads);
        metrics.retentionRemoved('response_body', result.responseBodies);
        if (result.payloads + result.responseBodies > 0) log.info(result, 'removed payloads');
        return result;
      }),

    removeEventKeys: () =>
      beating(async (onProgress) => {
        const result = await retention.removeEventKeys({ before: ago(periods.dedupeMs), onProgress });
        metrics.retentionRemoved('event_key', result.eventKeys);
        if (result.eventKeys > 0) log.info(result, 'forgot ids of events');
        return result;
      }),
  };
}

const ago = (ms: number): Date => new Date(Date.now() - ms);
