import type { CredentialRecordActivities } from '../domain/credential-run';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { CredentialWorkStore } from '../store/credential-work';
import { classifyStoreError } from '../store/database';

/** What a credential's run asks PostgreSQL, and tells it. */
export function createCredentialRecordActivities(dependencies: {
  work: Pick<CredentialWorkStore, 'open' | 'record'>;
  metrics: EngineMetrics;
  log: Logger;
}): CredentialRecordActivities {
  const { work, metrics, log } = dependencies;
  const stored = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw classifyStoreError(error);
    });

  return {
    openOperation: (operation) => stored(work.open(operation)),

    async recordResult(operation, result) {
      const outcome = await stored(work.record(operation, result));
      if (!outcome) {
        // PostgreSQL was restored from a backup that is older than the run. What the run made is undone, as far as that can
        // be done without its record; the sweep through AWS finds the rest.
        log.error({ ...operation, result: result.kind }, 'a credential has a run and no record');
        return { recorded: false, status: 'failed' };
      }
      const { recorded, credential } = outcome;
      const details = { ...operation, result: result.kind, status: credential.status };
      if (result.kind === 'stuck') {
        metrics.compensationFailed(credential.credentialType);
        log.error(details, 'AWS may hold what it should not; run: everhook credential repair');
      } else {
        log.info(details, 'operation on a credential');
      }
      if (result.kind !== 'undoing' && result.kind !== 'cut_off' && recorded) {
        metrics.credentialOperationEnded(credential.credentialType, result.kind);
      }
      return { recorded, status: credential.status };
    },
  };
}
