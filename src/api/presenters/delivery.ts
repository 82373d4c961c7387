import type { AttemptRecord } from '../../domain/delivery';
import { deliveryWorkflowId } from '../../domain/delivery-run';
import type { Config } from '../../platform/config';
import type { Delivery } from '../../store/deliveries';
import type { ListedDelivery, ShownDelivery } from '../schemas/delivery';

export type WebUi = Pick<Config, 'TEMPORAL_UI_URL' | 'TEMPORAL_NAMESPACE'>;

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

/** Workflow ids contain slashes: unescaped they would be parts of the path. */
function runPage(workflowId: string, { TEMPORAL_UI_URL: url, TEMPORAL_NAMESPACE: namespace }: WebUi): string | null {
  if (url === undefined) return null;
  return `${url.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
