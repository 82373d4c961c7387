import type { Command } from 'commander';
import { apiClientFromEnvironment } from '../api-client';
import { countDocument, read, webhookStatsDocument } from '../api-documents';
import { pastInstant, uuid } from '../arguments';
import { facts, outputOf } from '../output';

interface RecoverOptions {
  since: Date;
  until?: Date;
  dryRun?: true;
}

/** `webhook stats` and `webhook recover`: how the deliveries of a webhook went, and once more those that failed. */
export function addDeliveriesOfWebhook(webhook: Command): void {
  webhook
    .command('stats')
    .description('how the deliveries of a webhook went')
    .argument('<id>', 'the webhook', uuid)
    .option(
      '--since <time>',
      'of those made from then on: a timestamp, or a duration back; 24h unless said',
      pastInstant,
    )
    .action(async (id: string, { since }: { since?: Date }, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).webhooks.stats(id, { since: since?.toISOString() });
      const { deliveries, durationMs, successRate } = read(webhookStatsDocument, answer);
      const ms = (value: number | null) => (value === null ? undefined : `${value} ms`);
      const about = {
        since: answer.since,
        delivered: String(deliveries.delivered),
        failed: String(deliveries.failed),
        pending: String(deliveries.pending),
        cancelled: String(deliveries.cancelled),
        'success rate': successRate === null ? undefined : `${(successRate * 100).toFixed(1)} %`,
        'attempts, p50': ms(durationMs.p50),
        'attempts, p95': ms(durationMs.p95),
        'attempts, p99': ms(durationMs.p99),
      };
      const output = outputOf(command);
      output.answer(answer, facts(about, output.paint));
    });

  webhook
    .command('recover')
    .description('deliver again all that failed at a webhook, each as a new delivery')
    .argument('<id>', 'the webhook', uuid)
    .requiredOption(
      '--since <time>',
      'what was made from then on: a timestamp, or a duration back such as 24h',
      pastInstant,
    )
    .option('--until <time>', 'what was made before then; now unless said', pastInstant)
    .option('--dry-run', 'tell how many there are, and deliver none')
    .addHelpText('after', '\nExample:\n  $ everhook webhook recover 01234567-… --since 24h --dry-run')
    .action(async (id: string, { since, until, dryRun }: RecoverOptions, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).webhooks.recover(id, {
        since: since.toISOString(),
        ...(until && { until: until.toISOString() }),
        ...(dryRun && { dryRun }),
      });
      const { count } = read(countDocument, answer);
      const deliveries = count === 1 ? '1 delivery' : `${count} deliveries`;
      const text = dryRun ? `${deliveries} would be made again.` : `${deliveries} made again: on their way.`;
      outputOf(command).answer(answer, text);
    });
}
