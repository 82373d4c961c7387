import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, TypedSearchAttributes } from '@temporalio/common';
import { consentIdOf } from '../domain/consent/id';
import type { ConsentAction } from '../domain/consent/machine';
import {
  actionIsPast,
  consentWorkflowId,
  consentWorkflowType,
  settleSignal,
  type ActionRequest,
  type ConsentRunInput,
  type StartableConsent,
} from '../domain/consent-run';
import { answerWithin, searchAttributeKeys, TemporalUnavailable, unavailableOr } from './temporal';

/** The Temporal side of consents: one workflow each. All its knowledge is in PostgreSQL, so a run can begin anew. */
export interface ConsentRuns {
  /**
   * Starts the consent's workflow; a run that is open already is a success.
   * @throws {@link TemporalUnavailable}
   */
  start(consent: StartableConsent): Promise<void>;
  /**
   * Asks the run to carry out an action that was accepted (`ConsentStore.accept`), and starts one where there is none.
   * Resolves when it has been carried out: PostgreSQL has the consent as it is then.
   * @throws {@link TemporalUnavailable} also when no worker has carried it out within 5 s. Nothing is lost then: what
   *   was accepted will be carried out.
   */
  act(consent: StartableConsent, accepted: { action: ConsentAction; acceptedAt: Date }): Promise<void>;
  /**
   * Tells the run that something was stored for it, and starts one where there is none. Waits for no worker.
   * @throws {@link TemporalUnavailable}
   */
  nudge(consent: StartableConsent): Promise<void>;
}

/** How long whoever acts waits for a worker (contracts section 8, row 10). */
const actDeadlineMs = 5_000;
const startDeadlineMs = 10_000;

export function createConsentRuns(options: {
  client: Client;
  taskQueue: string;
  /** Whether the server knows our search attributes. */
  searchAttributes: boolean;
}): ConsentRuns {
  const { client, taskQueue, searchAttributes } = options;

  /** A run that ended may begin again: it finds in PostgreSQL what is left to do, which may be nothing. */
  const startOf = (consent: StartableConsent) => ({
    taskQueue,
    workflowId: consentWorkflowId(consent),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    args: [{ tenantId: consent.tenantId, id: consent.id, searchAttributes } satisfies ConsentRunInput],
    staticSummary: `${consent.type} consent`,
    staticDetails: `\`${consentIdOf(consent.id)}\`. What it is, and all its times, are in PostgreSQL.`,
    ...(searchAttributes && { typedSearchAttributes: searchAttributesOf(consent) }),
  });

  return {
    async start(consent) {
      try {
        await answerWithin(startDeadlineMs, client, () => client.workflow.start(consentWorkflowType, startOf(consent)));
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return;
        throw unavailableOr(error);
      }
    },

    async act(consent, { action, acceptedAt }) {
      const request: ActionRequest = { acceptedAt: acceptedAt.toISOString() };
      try {
        await answerWithin(actDeadlineMs, client, () =>
          client.workflow.executeUpdateWithStart(action, {
            // Accepted once at most, so asked for once at most: who asks again gets the first one's answer.
            updateId: action,
            args: [request],
            startWorkflowOperation: new WithStartWorkflowOperation(consentWorkflowType, startOf(consent)),
          }),
        );
      } catch (error) {
        if (isPast(error)) return;
        // Whatever else happened to the update: what was accepted stays to be carried out.
        throw error instanceof WorkflowUpdateFailedError ? new TemporalUnavailable(error) : unavailableOr(error);
      }
    },

    async nudge(consent) {
      try {
        await answerWithin(startDeadlineMs, client, () =>
          client.workflow.signalWithStart(consentWorkflowType, { ...startOf(consent), signal: settleSignal }),
        );
      } catch (error) {
        throw unavailableOr(error);
      }
    },
  };
}

/** The run has carried it out before it was asked. */
function isPast(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === actionIsPast
  );
}

function searchAttributesOf(consent: StartableConsent): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: searchAttributeKeys.TenantId, value: consent.tenantId },
    { key: searchAttributeKeys.ConsentType, value: consent.type },
    { key: searchAttributeKeys.ConsentStatus, value: consent.status },
  ]);
}
