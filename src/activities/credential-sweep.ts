import { heartbeat } from '@temporalio/activity';
import type { SweepActivities } from '../domain/sweep-run';
import type { CredentialRuns } from '../platform/credential-runs';
import type { Logger } from '../platform/logging';
import { TemporalUnavailable } from '../platform/temporal';
import type { CredentialWorkStore } from '../store/credential-work';
import { classifyStoreError } from '../store/database';

const batch = 100;
/** How long a nudged operation is left alone; its run carries it out within moments unless something is broken. */
const leaseMs = 60_000;

/** Tells runs what they missed, and begins those that were lost. Calls nothing of AWS. */
export function createCredentialSweepActivities(dependencies: {
  work: Pick<CredentialWorkStore, 'claimNeglected'>;
  credentialRuns: Pick<CredentialRuns, 'nudge'>;
  log: Logger;
}): Pick<SweepActivities, 'sweepCredentials'> {
  const { work, credentialRuns, log } = dependencies;

  async function sweep(): Promise<number> {
    let nudged = 0;
    for (;;) {
      const claimed = await work.claimNeglected(batch, leaseMs);
      for (const operation of claimed) {
        try {
          await credentialRuns.nudge(operation);
          nudged += 1;
        } catch (error) {
          if (error instanceof TemporalUnavailable) throw error;
          const { credentialId } = operation;
          log.error({ err: error, credentialId }, 'a credential could not be nudged; the next sweep tries again');
        }
        heartbeat();
      }
      if (claimed.length < batch) return nudged;
    }
  }

  return {
    async sweepCredentials() {
      const nudged = await sweep().catch((error: unknown) => {
        throw classifyStoreError(error);
      });
      if (nudged > 0) log.info({ nudged }, 'sweep of credentials');
      return { nudged };
    },
  };
}
