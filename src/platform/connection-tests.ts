import { WorkflowFailedError, type Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import {
  connectionTestWorkflowType,
  type ConnectionTestInput,
  type ConnectionTestResult,
} from '../domain/connection-test-run';
import { newId } from '../domain/ids';
import { answerWithin, searchAttributeKeys, TemporalUnavailable, unavailableOr } from './temporal';

/** The Temporal side of connection tests: a short workflow each. */
export interface ConnectionTests {
  /**
   * Has a worker send a HEAD request to the webhook's target; null: the webhook is gone.
   * @throws {@link TemporalUnavailable} also when no worker has done it within 10 s
   */
  run(input: ConnectionTestInput): Promise<ConnectionTestResult | null>;
}

const deadlineMs = 10_000;

export function createConnectionTests(options: {
  client: Client;
  taskQueue: string;
  /** Whether the server knows our search attributes. */
  searchAttributes: boolean;
}): ConnectionTests {
  const { client, taskQueue, searchAttributes } = options;

  return {
    async run(input) {
      const { tenantId, webhookId } = input;
      try {
        return await answerWithin(deadlineMs, client, () =>
          client.workflow.execute<(input: ConnectionTestInput) => Promise<ConnectionTestResult | null>>(
            connectionTestWorkflowType,
            {
              taskQueue,
              workflowId: `connection-test/${tenantId}/${webhookId}/${newId()}`,
              // Nobody waits any longer: a worker that comes later must not send it after all.
              workflowExecutionTimeout: deadlineMs,
              args: [input],
              staticSummary: `webhook ${webhookId}`,
              ...(searchAttributes && {
                typedSearchAttributes: new TypedSearchAttributes([
                  { key: searchAttributeKeys.TenantId, value: tenantId },
                  { key: searchAttributeKeys.WebhookId, value: webhookId },
                ]),
              }),
            },
          ),
        );
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw new TemporalUnavailable(error);
        throw unavailableOr(error);
      }
    },
  };
}
