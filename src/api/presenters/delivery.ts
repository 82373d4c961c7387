import type { AttemptRecord } from '../../domain/delivery';
import { burstWorkflowId } from '../../domain/burst-run';
import { redactedHeaderValue } from '../../domain/custom-headers';
import { deliveryWorkflowId } from '../../domain/delivery-run';
import type { Config } from '../../platform/config';
import type { Delivery } from '../../store/deliveries';
import type { ListedDelivery, ShownDelivery } from '../schemas/delivery';
import { runPage, type WebUi } from './web-ui';

/** Where its run is to be found. */
type Settings = WebUi & Pick<Config, 'TEMPORAL_TASK_QUEUE'>;

/** A delivery as lists show it. */
export function presentListedDelivery(delivery: Delivery, settings: Settings): ListedDelivery {
  const { burst } = delivery;
  const workflowId = burst ? burstWorkflowId(settings.TEMPORAL_TASK_QUEUE, burst.number) : deliveryWorkflowId(delivery);
  return {
    id: delivery.deliveryId,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    webhookId: delivery.webhookId,
    status: delivery.status,
    lastErrorClass: delivery.lastErrorClass,
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
    completedAt: delivery.completedAt?.toISOString() ?? null,
    workflowId,
    temporalUrl: runPage(workflowId, settings, burst?.runId),
  };
}

/** A redirect mostly repeats the URL that was asked for, whose path is often the receiver's secret. */
const headersWithUrls = /^(?:location|content-location|refresh|link)$/;

/** @param options.mayReadWebhook whether the caller may read the webhook's URL */
export function presentDelivery(
  delivery: Delivery,
  attempts: readonly AttemptRecord[],
  { settings, mayReadWebhook }: { settings: Settings; mayReadWebhook: boolean },
): ShownDelivery {
  const shown = (headers: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        mayReadWebhook || !headersWithUrls.test(name) ? value : redactedHeaderValue,
      ]),
    );
  return {
    ...presentListedDelivery(delivery, settings),
    retrySchedule: delivery.retrySchedule,
    attempts: attempts.map(({ responseBody, responseHeaders, ...attempt }) => ({
      ...attempt,
      ...(responseBody !== null && { responseBody }),
      responseHeaders: responseHeaders ? shown(responseHeaders) : null,
    })),
  };
}
