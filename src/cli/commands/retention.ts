import type { Command } from 'commander';
import { partitionWidthMs, type ExpiredPartition, type RetentionResult } from '../../domain/retention-run';
import { readRetentionConfig, retentionPeriods } from '../../platform/config';
import { createAuditStore } from '../../store/audit';
import { createRetentionStore, droppedEntry } from '../../store/retention';
import { withDatabase } from '../operator-database';
import { outputOf, table } from '../output';
import type { Paint } from '../paint';
import { CommandFailure } from '../failure';
import { listenForStop } from '../stop-signal';

export function addRetentionCommands(program: Command): void {
  const retention = program.command('retention').description('what is older than RETENTION, and goes');

  retention
    .command('run')
    .description('do now what workers do every RETENTION_INTERVAL')
    .option('--dry-run', 'tell what would be removed, and remove nothing')
    .addHelpText(
      'after',
      '\nNeeds DATABASE_URL, and the same RETENTION, PAYLOAD_RETENTION, AUDIT_RETENTION and DEDUPE_RETENTION as the workers.' +
        '\nCtrl-C ends it after what is under way; running it again goes on with the rest.',
    )
    .action(async ({ dryRun = false }: { dryRun?: boolean }, command: Command) => {
      const config = readRetentionConfig(process.env);
      const { retentionMs, auditMs, dedupeMs, payloadMs } = retentionPeriods(config);
      const stop = listenForStop();
      const how = {
        dryRun,
        onProgress() {
          if (stop.received()) throw new CommandFailure('interrupted; running it again goes on with the rest');
        },
      };
      const ago = (ms: number) => new Date(Date.now() - ms);
      // Statements may take minutes here, as no service's may.
      const patient = { max: 2, statementTimeoutMs: 0 };
      const result = await withDatabase(
        config.DATABASE_URL,
        async (database): Promise<RetentionResult> => {
          const store = createRetentionStore(database);
          const made = dryRun
            ? { made: [], caught: 0 }
            : await store.makePartitions({ widthMs: partitionWidthMs(retentionMs) });
          const payloads =
            payloadMs === null
              ? { payloads: 0, responseBodies: 0 }
              : await store.removePayloads({ ...how, before: ago(payloadMs) });
          const dropped = await store.dropPartitions({ ...how, before: ago(retentionMs), auditBefore: ago(auditMs) });
          if (!dryRun) {
            const audit = createAuditStore(database);
            for (const partition of dropped.dropped) await audit.append(droppedEntry('cli', partition));
          }
          return {
            ...made,
            ...payloads,
            ...dropped,
            ...(await store.removeEventKeys({ ...how, before: ago(dedupeMs) })),
          };
        },
        patient,
      );
      const output = outputOf(command);
      output.answer({ dryRun, ...result }, textOf(dryRun, result, output.paint));
    });
}

function textOf(dryRun: boolean, result: RetentionResult, paint: Paint): string {
  const { made, caught, dropped, waiting, strays, payloads, responseBodies, eventKeys } = result;
  const lines = [
    ...(made.length > 0 ? [`Partitions made: ${made.join(', ')}.`] : []),
    ...(caught > 0 ? [`Rows that had none before: ${caught}.`] : []),
    `${dryRun ? 'Would be removed' : 'Removed'}: ${dropped.length} partitions, ${payloads} payloads, ${responseBodies} answers of receivers, ` +
      `${eventKeys} ids of events, ${strays} rows without a partition.`,
  ];
  const stateOf = (partition: ExpiredPartition) => {
    if (waiting.includes(partition)) return 'waits for pending deliveries';
    return dryRun ? 'would be dropped' : 'dropped';
  };
  const rows = [...dropped, ...waiting].map((partition) => [
    partition.name,
    partition.from ?? '',
    partition.to,
    String(partition.rows),
    stateOf(partition),
  ]);
  return rows.length === 0
    ? lines.join('\n')
    : `${lines.join('\n')}\n\n${table(['PARTITION', 'FROM', 'TO', 'ROWS', 'STATE'], rows, paint)}`;
}
