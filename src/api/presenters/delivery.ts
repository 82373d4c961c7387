import type { AttemptRecord } from '../../domain/delivery';
import { deliveryWorkflowId } from '../../domain/delivery-run';
import type { Delivery } from '../../store/deliveries';
import type { ListedDelivery, ShownDelivery } from '../schemas/delivery';
import { runPage, type WebUi } from './web-ui';

/** A delivery as lists show it. */
export function presentListedDelivery(delivery: Delivery, webUi: WebUi): ListedDelivery {
  const workflowId = deliveryWorkflowId(delivery);
  return {
    id: delivery.deliveryId,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    webhookId: delivery.webhookId,
    status: delivery.status,
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
    completedAt: delivery.completedAt?.toISOString() ?? null,
    workflowId,
    temporalUrl: runPage(workflowId, webUi),
  };
}

export function presentDelivery(delivery: Delivery, attempts: readonly AttemptRecord[], webUi: WebUi): ShownDelivery {
  return {
    ...presentListedDelivery(delivery, webUi),
    attempts: attempts.map(({ responseBody, ...attempt }) => ({
      ...attempt,
      ...(responseBody !== null && { responseBody }),
    })),
  };
}
