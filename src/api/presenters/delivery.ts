import type { AttemptRecord } from '../../domain/delivery';
import { burstWorkflowId } from '../../domain/burst-run';
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

export function presentDelivery(
  delivery: Delivery,
  attempts: readonly AttemptRecord[],
  settings: Settings,
): ShownDelivery {
  return {
    ...presentListedDelivery(delivery, settings),
    retrySchedule: delivery.retrySchedule,
    attempts: attempts.map(({ responseBody, responseHeaders = null, ...attempt }) => ({
      ...attempt,
      ...(responseBody !== null && { responseBody }),
      responseHeaders,
    })),
  };
}
