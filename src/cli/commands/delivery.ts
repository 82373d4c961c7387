import { Option, type Command } from 'commander';
import type { Delivery, ListedDelivery, Page } from '../../client';
import { deliveryStatuses, errorClasses, type DeliveryStatus, type ErrorClass } from '../../domain/delivery';
import { apiClientFromEnvironment } from '../api-client';
import {
  deliveryDocument,
  idDocument,
  pageOf,
  read,
  type AttemptDocument,
  type DeliveryDocument,
} from '../api-documents';
import { instant, uuid, wholeNumber } from '../arguments';
import { outcomeOf } from '../outcome';
import { facts, outputOf, table } from '../output';
import { statusOf, type Paint } from '../paint';
import { moreText, show, watchOption, type View } from '../view';

interface ListOptions {
  status?: DeliveryStatus;
  webhook?: string;
  event?: string;
  eventType?: string;
  errorClass?: ErrorClass;
  after?: string;
  before?: string;
  limit?: number;
  cursor?: string;
  watch?: true;
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
    .addOption(new Option('--error-class <class>', 'only those whose last attempt failed so').choices(errorClasses))
    .option('--after <timestamp>', 'only made after', instant)
    .option('--before <timestamp>', 'only made before', instant)
    .option('--limit <number>', 'how many at once, 1 to 250', wholeNumber)
    .option('--cursor <cursor>', 'go on where an earlier list ended')
    .option(...watchOption)
    .addHelpText(
      'after',
      '\nExample:\n  $ everhook delivery list --status failed --error-class timeout --after 2026-01-31T00:00:00Z',
    )
    .action(async ({ webhook: webhookId, event: eventId, watch, ...others }: ListOptions, command: Command) => {
      const { deliveries } = apiClientFromEnvironment(process.env);
      const query = { webhookId, eventId, ...others };
      await show(
        listView(() => deliveries.list(query).page()),
        outputOf(command),
        watch,
      );
    });

  delivery
    .command('show')
    .description('a delivery with its attempts')
    .argument('<id>', 'the delivery', uuid)
    .option(...watchOption)
    .action(async (id: string, { watch }: { watch?: true }, command: Command) => {
      const { deliveries } = apiClientFromEnvironment(process.env);
      await show(
        deliveryView(() => deliveries.get(id)),
        outputOf(command),
        watch,
      );
    });

  delivery
    .command('retry')
    .description('pending: the next attempt is now; ended: the event is delivered again, as a new delivery')
    .argument('<id>', 'the delivery', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).deliveries.retry(id);
      const { id: started } = read(idDocument, answer);
      const text = started === id ? `The next attempt of ${id} is now.` : `A new delivery is on its way: ${started}`;
      outputOf(command).answer(answer, text);
    });

  delivery
    .command('cancel')
    .description('end a pending delivery; nothing more is sent')
    .argument('<id>', 'the delivery', uuid)
    .action(async (id: string, _options: object, command: Command) => {
      const answer = await apiClientFromEnvironment(process.env).deliveries.cancel(id);
      outputOf(command).answer(answer, `Delivery ${id} is being cancelled.`);
    });
}

function listView(ask: () => Promise<Page<ListedDelivery>>): View<Page<ListedDelivery>> {
  const head = ['DELIVERY', 'STATUS', 'LAST ERROR', 'TYPE', 'EVENT', 'WEBHOOK', 'CREATED', 'NEXT OR ENDED'];
  return {
    ask,
    text(answer, paint) {
      const page = read(pageOf(deliveryDocument), answer);
      const rows = page.data.map((one) => [
        one.id,
        statusOf(one.status),
        one.lastErrorClass ?? '',
        one.eventType,
        one.eventId,
        one.webhookId,
        one.createdAt,
        one.nextAttemptAt ?? one.completedAt ?? '',
      ]);
      return table(head, rows, paint) + moreText(page.nextCursor);
    },
    items: ({ data }) => data.map(itemOf).reverse(),
  };
}

function deliveryView(ask: () => Promise<Delivery>): View<Delivery> {
  return {
    ask,
    text: (answer, paint) => deliveryText(read(deliveryDocument, answer), paint),
    items: (answer) => [itemOf(answer)],
    isOver: ({ status }) => status !== 'pending',
  };
}

function itemOf(document: Delivery | ListedDelivery) {
  const one = read(deliveryDocument, document);
  const last = one.attempts.at(-1);
  const parts = [
    one.nextAttemptAt && one.attempts.length > 0 ? `next attempt ${one.nextAttemptAt}` : '',
    one.completedAt ? `ended ${one.completedAt}` : '',
  ];
  const happened = last ? `  attempt ${last.number}: ${outcomeOf(last)}` : '';
  const line = `${one.id}  ${one.status}  ${one.eventType}${happened}  ${parts.join('')}`.trimEnd();
  const state = JSON.stringify([one.status, one.attempts.length, one.nextAttemptAt]);
  return { id: one.id, state, line, document };
}

function deliveryText(one: DeliveryDocument, paint: Paint): string {
  const about = {
    delivery: one.id,
    status: statusOf(one.status),
    event: `${one.eventId} (${one.eventType})`,
    webhook: one.webhookId,
    created: one.createdAt,
    'next attempt': one.nextAttemptAt ?? undefined,
    ended: one.completedAt ?? undefined,
    workflow: one.temporalUrl ?? one.workflowId ?? undefined,
  };
  const head = ['ATTEMPT', 'STARTED', 'TOOK', 'OUTCOME', 'ANSWER'];
  const attempts = one.attempts.length > 0 ? table(head, one.attempts.map(attemptRow), paint) : '';
  return [facts(about, paint), attempts, headersText(one, paint)].filter((part) => part !== '').join('\n\n');
}

/** Of the last answer only: those before it mostly say the same, and `--json` has them all. */
function headersText({ attempts }: DeliveryDocument, paint: Paint): string {
  const last = attempts.findLast(({ responseHeaders }) => Object.keys(responseHeaders ?? {}).length > 0);
  if (!last?.responseHeaders) return '';
  return table(['HEADER', `OF THE ANSWER TO ATTEMPT ${last.number}`], Object.entries(last.responseHeaders), paint);
}

function attemptRow(attempt: AttemptDocument) {
  return [
    String(attempt.number),
    attempt.startedAt,
    `${attempt.durationMs} ms`,
    { text: outcomeOf(attempt), tone: attempt.errorClass === null ? 'good' : 'bad' } as const,
    (attempt.responseBody ?? '').slice(0, 60),
  ];
}
