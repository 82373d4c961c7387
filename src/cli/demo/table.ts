import { outcomeOf } from '../outcome';
import type { DeliveryDocument } from '../api-documents';
import { printable, table } from '../output';
import { plain } from '../paint';

/** How a delivery stands, for people. `webhookName` says which receiver it goes to. */
export type WebhookName = (webhookId: string) => string;

/** The live table and, where there is room for them, links to each row's workflow in the Temporal Web UI. */
export function renderDeliveries(
  deliveries: readonly DeliveryDocument[],
  webhookName: WebhookName,
  now: Date,
  options: { links: boolean },
): string {
  const rows = deliveries.map((delivery, index) => [
    String(index + 1),
    webhookName(delivery.webhookId),
    delivery.eventType,
    delivery.status,
    String(delivery.attempts.length),
    lastOutcome(delivery),
    nextAttempt(delivery, now),
  ]);
  const drawn = table(['#', 'WEBHOOK', 'EVENT', 'STATUS', 'ATTEMPTS', 'LAST OUTCOME', 'NEXT ATTEMPT'], rows, plain);
  const links = deliveries.flatMap(({ temporalUrl }, index) =>
    temporalUrl ? [`  ${index + 1}  ${printable(temporalUrl)}`] : [],
  );
  return options.links && links.length > 0 ? `${drawn}\n\nIn the Temporal Web UI:\n${links.join('\n')}` : drawn;
}

/** One line a change, where a table can't be drawn again. */
export function renderChange(delivery: DeliveryDocument, webhookName: WebhookName, now: Date): string {
  const last = lastOutcome(delivery);
  const next = nextAttempt(delivery, now);
  return [
    now.toISOString().slice(11, 19),
    webhookName(delivery.webhookId).padEnd(8),
    printable(delivery.eventType).padEnd(26),
    delivery.status.padEnd(9),
    `attempts ${delivery.attempts.length}`,
    ...(last ? [`last ${last}`] : []),
    ...(next ? [`next ${next}`] : []),
  ].join('  ');
}

function lastOutcome(delivery: DeliveryDocument): string {
  const last = delivery.attempts.at(-1);
  return last ? outcomeOf(last) : '';
}

function nextAttempt(delivery: DeliveryDocument, now: Date): string {
  if (delivery.status !== 'pending' || !delivery.nextAttemptAt) return '';
  const ms = Date.parse(delivery.nextAttemptAt) - now.getTime();
  return ms > 100 ? `in ${(ms / 1000).toFixed(1)} s` : 'now';
}
