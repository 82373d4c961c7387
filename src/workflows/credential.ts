import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CredentialStatus } from '../domain/credential/credential';
import {
  failureCodes,
  newsSignal,
  performSignal,
  performUpdate,
  type CredentialRecordActivities,
  type CredentialRunInput,
  type FailureCode,
  type OpenedOperation,
  type OperationFailure,
  type OperationKey,
  type OperationNews,
  type OperationOutcome,
  type OperationRef,
  type OperationResult,
} from '../domain/credential-run';
import {
  createApiKey,
  createAppClient,
  remove,
  restore,
  updateApiKey,
  updateAppClient,
  type Compensations,
} from './credential-sagas';
import { stepsOf, type TakeStep } from './credential-steps';

export const perform = defineUpdate<OperationOutcome, [OperationRef]>(performUpdate);
export const carryOutLater = defineSignal<[OperationRef]>(performSignal);
export const news = defineSignal<[OperationNews]>(newsSignal);

const credentialStatus = defineSearchAttributeKey('CredentialStatus', SearchAttributeType.KEYWORD);
const succeeded: OperationOutcome = { kind: 'succeeded' };

const local = proxyLocalActivities<CredentialRecordActivities>({
  startToCloseTimeout: '10 s',
  retry: { maximumAttempts: 1 },
});
const remote = proxyActivities<CredentialRecordActivities>({
  startToCloseTimeout: '10 s',
  retry: { initialInterval: '1 s', maximumInterval: '30 s' },
});
/**
 * Inside the workflow task at first. If that throws it becomes a normal activity, because local retries would grow the
 * history for as long as an outage of PostgreSQL lasts.
 */
const records: CredentialRecordActivities = {
  openOperation: (operation) => local.openOperation(operation).catch(() => remote.openOperation(operation)),
  recordResult: (operation, result) =>
    local.recordResult(operation, result).catch(() => remote.recordResult(operation, result)),
};

/**
 * The credentials of one app: whatever is asked for them is done one after the other, by sagas on AWS. What was asked,
 * and how it stands, is in PostgreSQL; a run ends when nothing is left to do, and the next request begins a new one.
 */
export async function credential(input: CredentialRunInput): Promise<void> {
  // Only what PostgreSQL knows ends an operation; a cancellation asked for in the Web UI would leave it half done.
  return CancellationScope.nonCancellable(() => serve(input));
}

async function serve(input: CredentialRunInput): Promise<void> {
  const queue: OperationRef[] = [];
  const outcomes = new Map<string, OperationOutcome>();
  /** Operations that nobody waits for. */
  const abandoned = new Set<string>();
  /** Made credentials that nobody got yet, by their id. */
  const toHandOver = new Map<string, OperationRef & { dueAt: number }>();
  let making: (OperationRef & { kind: 'create' | 'update'; scope: CancellationScope; givenUp: boolean }) | undefined;

  function enqueue(operation: OperationRef): void {
    const { operationId } = operation;
    if (making?.operationId !== operationId && !queue.some((one) => one.operationId === operationId)) {
      queue.push(operation);
    }
  }

  setHandler(perform, (operation) =>
    CancellationScope.nonCancellable(async () => {
      enqueue(operation);
      await condition(() => outcomes.has(operation.operationId));
      return outcomes.get(operation.operationId) ?? succeeded;
    }),
  );
  setHandler(carryOutLater, enqueue);
  setHandler(news, ({ credentialId, operationId, news: what }) => {
    if (what === 'given_up') abandoned.add(operationId);
    const waiting = toHandOver.get(credentialId);
    if (waiting) {
      toHandOver.delete(credentialId);
      // PostgreSQL says what giving up comes to.
      if (what === 'given_up') queue.push(waiting);
      else showStatus(input, 'active');
    }
    const isMade = making?.kind === 'create' && making.credentialId === credentialId;
    if (what === 'given_up' && making && (isMade || making.operationId === operationId)) {
      making.givenUp = true;
      making.scope.cancel();
    }
  });

  for (;;) {
    const next = queue.shift();
    if (next) {
      await carryOut({ tenantId: input.tenantId, credentialId: next.credentialId, operationId: next.operationId });
      continue;
    }
    const [due] = [...toHandOver.values()].sort((one, other) => one.dueAt - other.dueAt);
    if (!due) {
      await condition(() => queue.length > 0 || allHandlersFinished());
      if (queue.length > 0) continue;
      return;
    }
    const waitMs = Math.max(1, due.dueAt - Date.now());
    const summary = 'taken back unless it is handed over by then';
    const moved = await condition(() => queue.length > 0 || !toHandOver.has(due.credentialId), waitMs, { summary });
    if (!moved && toHandOver.delete(due.credentialId)) queue.push(due);
  }

  async function carryOut(operation: OperationKey): Promise<void> {
    const opened = await records.openOperation(operation);
    if (opened.todo === 'nothing') {
      if (opened.status) showStatus(input, opened.status);
      return answer(operation, opened.outcome);
    }
    if (opened.todo === 'hand_over') {
      toHandOver.set(operation.credentialId, { ...operation, dueAt: Date.now() + opened.waitMs });
      return answer(operation, succeeded);
    }
    const steps = stepsOf(operation, opened.lastStep, input.awsTaskQueue);
    if (opened.todo === 'create' || opened.todo === 'update') return make(operation, opened, steps);
    return mend(operation, opened, steps.persistently);
  }

  /** There and, if need be, back again. */
  async function make(
    operation: OperationKey,
    opened: Extract<OpenedOperation, { todo: 'create' | 'update' }>,
    steps: ReturnType<typeof stepsOf>,
  ): Promise<void> {
    const compensations: Compensations = [];
    const scope = new CancellationScope({ cancellable: true, timeout: opened.budgetMs });
    making = { ...operation, kind: opened.todo, scope, givenUp: false };
    const mine = making;
    let failure: OperationFailure;
    try {
      // It may have been told while PostgreSQL was asked.
      if (abandoned.has(operation.operationId)) making.givenUp = true;
      else await scope.run(() => forwards(opened, steps.forwards, compensations));
      const result = { kind: opened.todo === 'create' ? 'provisioned' : 'changed' } as const;
      if (!mine.givenUp && (await record(operation, result)).recorded) {
        if (opened.todo === 'create') queue.unshift(operation);
        return answer(operation, succeeded);
      }
      failure = givenUp;
    } catch (error) {
      failure = isCancellation(error) ? (mine.givenUp ? givenUp : late) : failureOf(error);
    } finally {
      making = undefined;
    }

    if (opened.todo === 'create') await record(operation, { kind: 'undoing', failure });
    // The caller hears of what went wrong first, whatever comes of undoing it.
    let undone = true;
    for (const undo of compensations.reverse()) {
      await undo(steps.persistently).catch(() => (undone = false));
    }
    const [by, result] =
      opened.todo === 'create' ? (['remove', 'removed'] as const) : (['restore', 'restored'] as const);
    await record(operation, undone ? { kind: result, failure } : { kind: 'stuck', repairBy: by, failure });
    answer(operation, { kind: 'failed', ...failure });
  }

  /** Only forwards: for what must not stay as it is. */
  async function mend(
    operation: OperationKey,
    opened: Extract<OpenedOperation, { todo: 'remove' | 'restore' }>,
    take: TakeStep,
  ): Promise<void> {
    const { todo, outcome } = opened;
    const why = outcome.kind === 'failed' ? { failure: { code: outcome.code, message: outcome.message } } : {};
    try {
      if (opened.todo === 'restore') {
        await restore(take, opened.credentialType, opened.awsId);
      } else {
        const cutOff = async () => {
          await record(operation, { kind: 'cut_off' });
          answer(operation, outcome);
        };
        await remove(take, { ...opened, cutOff });
      }
    } catch (error) {
      const failure = failureOf(error);
      await record(operation, { kind: 'stuck', repairBy: todo, failure });
      return answer(operation, { kind: 'failed', ...failure });
    }
    await record(operation, { kind: todo === 'remove' ? 'removed' : 'restored', ...why });
    answer(operation, outcome);
  }

  async function record(operation: OperationKey, result: OperationResult) {
    const recorded = await records.recordResult(operation, result);
    showStatus(input, recorded.status);
    return recorded;
  }

  /** The first answer counts: a revocation is answered before its last step. */
  function answer({ operationId }: OperationRef, outcome: OperationOutcome): void {
    if (!outcomes.has(operationId)) outcomes.set(operationId, outcome);
  }
}

function forwards(
  opened: Extract<OpenedOperation, { todo: 'create' | 'update' }>,
  take: TakeStep,
  compensations: Compensations,
): Promise<void> {
  const saga = { take, compensations };
  const key = opened.credentialType === 'API_KEY';
  if (opened.todo === 'create') return key ? createApiKey(saga, opened.usagePlans) : createAppClient(saga);
  return key ? updateApiKey(saga, opened.awsId, opened) : updateAppClient(saga, opened.awsId);
}

const givenUp: OperationFailure = { code: 'given_up', message: 'the caller went away' };
const late: OperationFailure = { code: 'deadline', message: 'it could not be done in time' };

/** The activities fail with a code of ours and a message that may be shown; anything else is an outage. */
function failureOf(error: unknown): OperationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) {
    return { code: cause.type, message: cause.message };
  }
  log.warn('a step of a credential failed otherwise than by a code', { error });
  return { code: 'aws_unavailable', message: 'a step did not get through' };
}

function isFailureCode(type: string | undefined | null): type is FailureCode {
  return failureCodes.some((code) => code === type);
}

/** Only a change costs an event of the history. */
function showStatus({ searchAttributes }: CredentialRunInput, status: CredentialStatus): void {
  setCurrentDetails(`**${status}**`);
  if (!searchAttributes || workflowInfo().typedSearchAttributes.get(credentialStatus) === status) return;
  upsertSearchAttributes([{ key: credentialStatus, value: status }]);
}
