import type { OperationOutcome, StartableOperation } from '../../domain/credential-run';
import { TemporalUnavailable } from '../../platform/temporal';
import type { ApiDependencies } from '../dependencies';
import { failed } from './sensedia-errors';

/** How an operation gets its outcome, and what becomes of it when nobody waits any more. */
export interface Perform {
  /**
   * Resolves when the operation is carried out.
   * @throws ApiError as its failure asks, 503 when it is given up: at the deadline, without Temporal, or by a hang-up
   */
  (operation: StartableOperation, hungUp: AbortSignal): Promise<void>;
  /** Nobody waits any more; what a creation made is taken away. Resolves with what became of it. */
  giveUp(operation: StartableOperation): Promise<OperationOutcome>;
}

type Needs = Pick<ApiDependencies, 'config' | 'credentials' | 'credentialRuns' | 'log'>;

export function createPerform({ config, credentials, credentialRuns, log }: Needs): Perform {
  const deadlineMs = config.CREDENTIALS_DEADLINE;

  async function giveUp(operation: StartableOperation): Promise<OperationOutcome> {
    const given = await credentials.giveUp(operation);
    if (given.kind === 'succeeded') return { kind: 'succeeded' };
    if (given.kind === 'failed') return given.outcome;
    if (given.tell) {
      // Its run finds out at the deadline otherwise. The caller has waited long enough already.
      void credentialRuns
        .tell(operation, 'given_up')
        .catch((error: unknown) => log.warn({ err: error, ...idsOf(operation) }, 'a run was not told to give up'));
    }
    return { kind: 'failed', code: 'deadline', message: 'It could not be done in time; ask again.' };
  }

  async function outcomeOf(operation: StartableOperation, hungUp: AbortSignal): Promise<OperationOutcome> {
    try {
      const outcome = await Promise.race([credentialRuns.perform(operation, deadlineMs), abortOf(hungUp)]);
      if (outcome) return outcome;
    } catch (error) {
      if (!(error instanceof TemporalUnavailable)) throw error;
      log.warn({ err: error, ...idsOf(operation) }, 'no outcome of an operation on a credential');
    }
    return giveUp(operation);
  }

  const perform = async (operation: StartableOperation, hungUp: AbortSignal) => {
    const outcome = await outcomeOf(operation, hungUp);
    if (outcome.kind === 'failed') throw failed(outcome.code, outcome.message);
  };
  return Object.assign(perform, { giveUp });
}

const idsOf = ({ credentialId, operationId }: StartableOperation) => ({ credentialId, operationId });

/** Resolves with nothing when the caller hangs up. */
function abortOf(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
