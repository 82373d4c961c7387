import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { apiClientFromEnvironment } from '../api-client';
import { publishedDocument, read } from '../api-documents';
import { instant, readJsonObject, uuid } from '../arguments';
import { outputOf, printable, table } from '../output';

interface PublishOptions {
  type: string;
  payload: string;
  id?: string;
  webhook?: string;
  channel?: string;
  occurredAt?: string;
}

export function addEventCommands(program: Command): void {
  const event = program.command('event').description('events, through the API');

  event
    .command('publish')
    .description('publish an event: stored and on its way once this command ends')
    .requiredOption('--type <name>', 'event type, such as everhook.test; see everhook event-type list')
    .requiredOption('--payload <json>', 'a JSON object, @file, or - for standard input')
    .option('--id <id>', 'your id for it: publishing the same again is one event; made up when absent')
    .option('--webhook <id>', 'deliver to this webhook only', uuid)
    .option('--channel <name>', 'deliver to webhooks of this channel, and to those of none')
    .option('--occurred-at <timestamp>', 'when it happened, if not now', instant)
    .addHelpText(
      'after',
      `
Examples:
  $ everhook event publish --type everhook.test --payload '{"message": "hello"}'
  $ everhook event publish --type invoice.paid --id invoice-42 --channel eu --payload @paid.json
  $ jq .data issued.json | everhook event publish --type OpenIdCredentialIssued --payload -`,
    )
    .action(async (options: PublishOptions, command: Command) => {
      const payload = await readJsonObject(options.payload);
      const head = JSON.stringify({
        // Made here when there is none: sent again after an answer was lost, it is still one event.
        id: options.id ?? randomUUID(),
        type: options.type,
        webhookId: options.webhook,
        channel: options.channel,
        occurredAt: options.occurredAt,
      });
      const answer = await apiClientFromEnvironment(process.env).request('POST', '/api/v1/events', {
        text: `${head.slice(0, -1)},"payload":${payload}}`,
        isRepeatable: true,
      });
      const published = read(publishedDocument, answer);
      const said =
        published.duplicate && options.id !== undefined ? 'was published before; nothing is sent again' : 'is stored';
      const deliveries = published.deliveries.map(({ id, webhookId }) => [id, webhookId]);
      const output = outputOf(command);
      const text = [
        `Event ${printable(published.id)} ${said}.`,
        deliveries.length > 0
          ? table(['DELIVERY', 'WEBHOOK'], deliveries, output.paint)
          : 'No enabled webhook wants it.',
      ];
      output.answer(answer, text.join('\n'));
    });
}
