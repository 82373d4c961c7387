import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  WorkflowUpdateStage,
  type Client,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import {
  deliveryUpdates,
  deliveryWorkflowId,
  deliveryWorkflowType,
  type DeliveryIdentity,
  type DeliveryRunInput,
  type StartableDelivery,
} from '../domain/delivery-run';
import { profiles } from '../domain/profiles';
import { noTracing, type Tracing } from './tracing';
import { answerWithin, searchAttributeKeys, TemporalUnavailable, unavailableOr } from './temporal';

/** How a run stands, as far as its delivery's row is concerned. */
export type RunState = 'running' | 'stopped_by_operator' | 'ended' | 'unknown';

/** The Temporal side of deliveries: one workflow each. */
export interface DeliveryRuns {
  /**
   * Starts the delivery's workflow; a run that exists already is a success.
   * `again`: also when a run of this id ended before (its record says what was done; nothing is sent twice).
   * @throws {@link TemporalUnavailable}
   */
  start(delivery: StartableDelivery, options?: { again?: boolean }): Promise<void>;
  /**
   * Asks the run for its next attempt now, or to end as cancelled. `not_running`: there is no open run.
   * @throws {@link TemporalUnavailable} also when no worker answers in time.
   */
  ask(delivery: DeliveryIdentity, update: keyof typeof deliveryUpdates): Promise<'accepted' | 'not_running'>;
  /** @throws {@link TemporalUnavailable} */
  state(delivery: DeliveryIdentity): Promise<RunState>;
}

/** How long the API waits for a worker to accept an update. */
const updateDeadlineMs = 5_000;
const startDeadlineMs = 10_000;

export function createDeliveryRuns(options: {
  client: Client;
  taskQueue: string;
  /** Whether the server knows our search attributes. */
  searchAttributes: boolean;
  /** Client and worker share process and connection: the first workflow task skips the server's matching. */
  eagerStart?: boolean;
  tracing?: Tracing;
}): DeliveryRuns {
  const { client, taskQueue, searchAttributes, tracing = noTracing } = options;

  return {
    async start(delivery, { again = false } = {}) {
      const input: DeliveryRunInput = {
        tenantId: delivery.tenantId,
        deliveryId: delivery.deliveryId,
        retrySchedule: delivery.retrySchedule,
        maxAttemptMs: profiles[delivery.contract].maxTimeoutMs,
        searchAttributes,
      };
      try {
        const start = () =>
          client.workflow.start(deliveryWorkflowType, {
            taskQueue,
            workflowId: deliveryWorkflowId(delivery),
            workflowIdReusePolicy: again ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE',
            workflowIdConflictPolicy: 'USE_EXISTING',
            // Where the server has fairness switched on, a tenant's backlog holds up no other tenant's deliveries.
            priority: { fairnessKey: delivery.tenantId },
            requestEagerStart: options.eagerStart ?? false,
            args: [input],
            staticSummary: `${delivery.eventType} → webhook ${delivery.webhookId}`,
            staticDetails:
              `Event \`${delivery.eventId}\` (${delivery.eventType}), contract ${delivery.contract}, ` +
              `delivery \`${delivery.deliveryId}\`; up to ${delivery.retrySchedule.length + 1} attempts.`,
            ...(searchAttributes && { typedSearchAttributes: searchAttributesOf(delivery) }),
          });
        // Whoever starts it, a sweep or another request's turn: it belongs to the trace of its own request.
        await tracing.within(delivery.traceContext ?? null, () => answerWithin(startDeadlineMs, client, start));
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return;
        throw unavailableOr(error);
      }
    },

    async ask(delivery, update) {
      const handle = client.workflow.getHandle(deliveryWorkflowId(delivery));
      try {
        await answerWithin(updateDeadlineMs, client, () =>
          handle.startUpdate(deliveryUpdates[update], { waitForStage: WorkflowUpdateStage.ACCEPTED }),
        );
        return 'accepted';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'not_running';
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw new TemporalUnavailable(error);
        throw unavailableOr(error);
      }
    },

    async state(delivery) {
      try {
        const handle = client.workflow.getHandle(deliveryWorkflowId(delivery));
        const { status: run } = await answerWithin(updateDeadlineMs, client, () => handle.describe());
        if (run.name === 'RUNNING' || run.name === 'CONTINUED_AS_NEW') return 'running';
        if (run.name === 'TERMINATED' || run.name === 'CANCELLED') return 'stopped_by_operator';
        return 'ended';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown';
        throw unavailableOr(error);
      }
    },
  };
}

function searchAttributesOf(delivery: StartableDelivery): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: searchAttributeKeys.TenantId, value: delivery.tenantId },
    { key: searchAttributeKeys.WebhookId, value: delivery.webhookId },
    { key: searchAttributeKeys.EventType, value: delivery.eventType },
    { key: searchAttributeKeys.Contract, value: delivery.contract },
    { key: searchAttributeKeys.DeliveryStatus, value: 'pending' },
  ]);
}
