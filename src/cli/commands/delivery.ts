import { Option, type Command } from 'commander';
import { deliveryStatuses } from '../../domain/delivery';
import { apiClientFromEnvironment } from '../api-client';
import { deliveryDocument, idDocument, pageOf, read, type AttemptDocument } from '../api-documents';
import { instant, uuid, wholeNumber } from '../arguments';
import { outcomeOf } from '../outcome';
import { facts, outputOf, printable, table } from '../output';

interface ListOptions {
  status?: string;
  webhook?: string;
  event?: string;
  eventType?: string;
  after?: string;
  before?: string;
  limit?: number;
  cursor?: string;
}

export function addDeliveryCommands(program: Command): void {
  const delivery = program.command('delivery').description('deliveries, through the API');

  delivery
    .command('list')
    .description('deliveries, newest first')
    .addOption(new Option('--status <status>', 'only with this status').choices(deliveryStatuses))
    .option('--webhook <id>', 'only to this webhook', uuid)
    .option('--event <id>', 'only of this event')
    .option('--event-type <name>', 'only of this type')
    .option('--after <timestamp>', 'only made after', instant)
    .option('--before <timestamp>', 'only made before', instant)
    .option('--limit <number>', 'how many at once, 1 to 250', wholeNumber)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .addHelpText('after', '\nExample:\n  $ everhook delivery list --status failed --after 2026-01-31T00:00:00Z')
    .action(async (options: ListOptions, command: Command) => {
      const { webhook: webhookId, event: eventId, ...others } = options;
      const answer = await apiClientFromEnvironment(process.env).request('GET', '/api/v1/deliveries', {
        query: { webhookId, eventId, ...others },
      });
      const page = read(pageOf(deliveryDocument), answer);
      const rows = page.data.map((one) => [
        one.id,
        one.status,
        one.eventType,
        one.eventId,
        one.webhookId,
        one.createdAt,
        one.nextAttemptAt ?? one.completedAt ?? '',
      ]);
      const head = ['DELIVERY', 'STATUS', 'TYPE', 'EVENT', 'WEBHOOK', 'CREATED', 'NEXT OR ENDED'];
      const more = page.nextCursor ? `\nMore: --cursor ${printable(page.nextCursor)}` : '';
      outputOf(command).answer(answer, table(head, rows) + more);
    });

  delivery
    .command('show')
    .description('a delivery with its attempts')
    .argument('<id>', 'the delivery', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('GET', `/api/v1/deliveries/${id}`);
      const one = read(deliveryDocument, answer);
      const text = facts({
        delivery: one.id,
        status: one.status,
        event: `${one.eventId} (${one.eventType})`,
        webhook: one.webhookId,
        created: one.createdAt,
        'next attempt': one.nextAttemptAt ?? undefined,
        ended: one.completedAt ?? undefined,
        workflow: one.temporalUrl ?? one.workflowId ?? undefined,
      });
      const attempts = table(['ATTEMPT', 'STARTED', 'TOOK', 'OUTCOME', 'ANSWER'], one.attempts.map(attemptRow));
      outputOf(command).answer(answer, one.attempts.length > 0 ? `${text}\n\n${attempts}` : text);
    });

  delivery
    .command('retry')
    .description('pending: the next attempt is now; ended: the event is delivered again, as a new delivery')
    .argument('<id>', 'the delivery', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('POST', `/api/v1/deliveries/${id}/retry`);
      const { id: started } = read(idDocument, answer);
      const text = started === id ? `The next attempt of ${id} is now.` : `A new delivery is on its way: ${started}`;
      outputOf(command).answer(answer, text);
    });

  delivery
    .command('cancel')
    .description('end a pending delivery; nothing more is sent')
    .argument('<id>', 'the delivery', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).request('POST', `/api/v1/deliveries/${id}/cancel`);
      outputOf(command).answer(answer, `Delivery ${id} is being cancelled.`);
    });
}

function attemptRow(attempt: AttemptDocument): string[] {
  return [
    String(attempt.number),
    attempt.startedAt,
    `${attempt.durationMs} ms`,
    outcomeOf(attempt),
    (attempt.responseBody ?? '').slice(0, 60),
  ];
}
