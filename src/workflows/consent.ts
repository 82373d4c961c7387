import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  consentActions,
  deadlineIn,
  mayStillTake,
  type ConsentAction,
  type ConsentStatus,
} from '../domain/consent/machine';
import {
  actionIsPast,
  settleSignal,
  type ActionRequest,
  type ConsentActivities,
  type ConsentRunInput,
  type SettledConsent,
} from '../domain/consent-run';

export const settle = defineSignal(settleSignal);
export const actionUpdates = consentActions.map((action) => ({
  action,
  update: defineUpdate<ConsentView, [ActionRequest]>(action),
}));

const consentStatus = defineSearchAttributeKey('ConsentStatus', SearchAttributeType.KEYWORD);

const local = proxyLocalActivities<ConsentActivities>({ startToCloseTimeout: '15 s', retry: { maximumAttempts: 1 } });
const remote = proxyActivities<ConsentActivities>({
  startToCloseTimeout: '15 s',
  retry: { initialInterval: '1 s', maximumInterval: '30 s' },
});

/** What an update, and the whole run, answer. */
export type ConsentView = Pick<SettledConsent, 'status' | 'expiresAt'>;

/** What ends the wait for a deadline without anybody's doing, for the Web UI. */
const dueBy = { decisionMs: 'decision', consumptionMs: 'consumption' };

/**
 * One consent, for as long as something can run out. It holds the deadline in force as a durable timer; what an action or
 * a passed deadline comes to is decided where it is stored, in `settleConsent`. Nothing is known here alone, so a run that
 * was ended can begin anew at any time.
 */
export async function consent(input: ConsentRunInput): Promise<ConsentView> {
  // Only what the contract knows ends a consent; a cancellation asked for in the Web UI is not of it.
  return CancellationScope.nonCancellable(() => holdDeadlines(input));
}

async function holdDeadlines(input: ConsentRunInput): Promise<ConsentView> {
  let asked = 0;
  let answered = 0;
  let known: SettledConsent | undefined;

  /** Resolves once everything stored before now has been carried out. */
  async function afterSettling(): Promise<ConsentView> {
    asked += 1;
    const mine = asked;
    await condition(() => answered >= mine);
    return viewOf(known);
  }

  setHandler(settle, () => void (asked += 1));
  for (const { action, update } of actionUpdates) {
    const validator = (_request: ActionRequest) => refuseWhatIsPast(known?.status, action);
    setHandler(update, () => CancellationScope.nonCancellable(afterSettling), { validator });
  }

  for (;;) {
    const covered = asked;
    const settled = await carryOut(input);
    if (input.searchAttributes) showStatus(settled.status);
    known = settled;
    answered = covered;
    const { status, expiresAt, waitMs } = settled;
    const due = deadlineIn[status];
    if (due === undefined || waitMs === null) {
      setCurrentDetails(`**${status}**`);
      await condition(() => asked > answered || allHandlersFinished());
      if (asked > answered) continue;
      return viewOf(settled);
    }
    setCurrentDetails(`**${status}**: expires at ${expiresAt} if there is no ${dueBy[due]} before.`);
    await condition(() => asked > answered, waitMs, { summary: `${dueBy[due]} due before ${expiresAt}` });
  }
}

/**
 * Inside the workflow task at first: a few milliseconds of PostgreSQL. If that throws it becomes a normal activity,
 * because local retries would grow the history for as long as an outage lasts.
 */
async function carryOut({ tenantId, id }: ConsentRunInput): Promise<SettledConsent> {
  try {
    return await local.settleConsent({ tenantId, id });
  } catch {
    return remote.settleConsent({ tenantId, id });
  }
}

/** An accepted action is always possible, unless it was carried out already: then its answer is in PostgreSQL. */
function refuseWhatIsPast(status: ConsentStatus | undefined, action: ConsentAction): void {
  if (status === undefined || mayStillTake(status, action)) return;
  throw ApplicationFailure.nonRetryable(`${action} is not possible any more: the consent is ${status}`, actionIsPast);
}

/** Only a change costs an event of the history. */
function showStatus(status: ConsentStatus): void {
  if (workflowInfo().typedSearchAttributes.get(consentStatus) === status) return;
  upsertSearchAttributes([{ key: consentStatus, value: status }]);
}

function viewOf(settled: SettledConsent | undefined): ConsentView {
  if (!settled) throw new Error('nothing is known of the consent yet');
  return { status: settled.status, expiresAt: settled.expiresAt };
}
