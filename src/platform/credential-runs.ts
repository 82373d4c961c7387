import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import {
  awsTaskQueue,
  credentialWorkflowId,
  credentialWorkflowType,
  newsSignal,
  performSignal,
  performUpdate,
  type CredentialRunInput,
  type OperationNews,
  type OperationOutcome,
  type OperationRef,
  type StartableOperation,
} from '../domain/credential-run';
import { answerWithin, searchAttributeKeys, TemporalUnavailable, unavailableOr } from './temporal';

/** The Temporal side of credentials: one workflow an app, which carries out one operation after the other. */
export interface CredentialRuns {
  /**
   * Has an accepted operation carried out and waits for what came of it, `withinMs` at most. It starts the app's
   * workflow where none runs.
   * @throws {@link TemporalUnavailable} also when there is no outcome within `withinMs`: then ask `CredentialStore.giveUp`
   */
  perform(operation: StartableOperation, withinMs: number): Promise<OperationOutcome>;
  /**
   * The same without waiting.
   * @throws {@link TemporalUnavailable}; the sweeper does it then
   */
  nudge(operation: StartableOperation): Promise<void>;
  /**
   * Tells a run what was stored. Best effort: it finds out by itself at the deadline.
   * @throws {@link TemporalUnavailable}
   */
  tell(operation: StartableOperation, news: OperationNews['news']): Promise<void>;
}

type CredentialWorkflow = (input: CredentialRunInput) => Promise<void>;

const messageDeadlineMs = 5_000;
const notReadyMs = 200;

export function createCredentialRuns(options: {
  client: Client;
  taskQueue: string;
  /** Whether the server knows our search attributes. */
  searchAttributes: boolean;
}): CredentialRuns {
  const { client, taskQueue, searchAttributes } = options;

  const startOf = (operation: StartableOperation) => ({
    taskQueue,
    workflowId: credentialWorkflowId(operation),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    args: [
      {
        tenantId: operation.tenantId,
        awsTaskQueue: awsTaskQueue(taskQueue),
        searchAttributes,
      } satisfies CredentialRunInput,
    ] as [CredentialRunInput],
    staticSummary: `${operation.kind} of ${operation.credentialType === 'API_KEY' ? 'an API key' : 'an app client'}`,
    staticDetails: `Credential \`${operation.credentialId}\`. What was asked for, and every step, is in PostgreSQL.`,
    ...(searchAttributes && { typedSearchAttributes: searchAttributesOf(operation) }),
  });

  const call = async <T>(withinMs: number, send: () => Promise<T>): Promise<T> => {
    try {
      return await answerWithin(withinMs, client, send);
    } catch (error) {
      throw outage(error);
    }
  };

  return {
    async perform(operation, withinMs) {
      const until = Date.now() + withinMs;
      for (;;) {
        try {
          return await answerWithin(until - Date.now(), client, () =>
            client.workflow.executeUpdateWithStart<CredentialWorkflow, OperationOutcome, [OperationRef]>(
              performUpdate,
              {
                // Whoever asks again gets the first answer.
                updateId: operation.operationId,
                args: [refOf(operation)],
                startWorkflowOperation: new WithStartWorkflowOperation(credentialWorkflowType, startOf(operation)),
              },
            ),
          );
        } catch (error) {
          if (!isNotReady(error) || Date.now() + notReadyMs >= until) throw outage(error);
          await sleep(notReadyMs);
        }
      }
    },

    async nudge(operation) {
      await call(messageDeadlineMs, () =>
        client.workflow.signalWithStart(credentialWorkflowType, {
          ...startOf(operation),
          signal: performSignal,
          signalArgs: [refOf(operation)],
        }),
      );
    },

    async tell(operation, news) {
      const told: OperationNews = { ...refOf(operation), news };
      await call(messageDeadlineMs, async () => {
        try {
          await client.workflow.getHandle(credentialWorkflowId(operation)).signal(newsSignal, told);
        } catch (error) {
          // No run waits for it; what was given up before its turn, the sweeper settles.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        }
      });
    },
  };
}

/** An update that failed was stopped with its run: nothing is known of its operation, and the sweeper begins it anew. */
const outage = (error: unknown): unknown =>
  error instanceof WorkflowUpdateFailedError ? new TemporalUnavailable(error) : unavailableOr(error);

/**
 * A run takes ten updates at once. While more are asked for, the server may drop the task in which it was to hear of one,
 * and says so.
 */
function isNotReady(error: unknown): boolean {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  return (
    isGrpcServiceError(cause) && (cause.code === status.FAILED_PRECONDITION || cause.code === status.RESOURCE_EXHAUSTED)
  );
}

const refOf = ({ credentialId, operationId }: StartableOperation): OperationRef => ({ credentialId, operationId });

function searchAttributesOf({ tenantId, kind, credentialType }: StartableOperation): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: searchAttributeKeys.TenantId, value: tenantId },
    { key: searchAttributeKeys.CredentialType, value: credentialType },
    { key: searchAttributeKeys.CredentialStatus, value: kind === 'create' ? 'provisioning' : 'active' },
  ]);
}
