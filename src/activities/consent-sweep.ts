import { heartbeat } from '@temporalio/activity';
import type { StartableConsent } from '../domain/consent-run';
import type { SweepActivities } from '../domain/sweep-run';
import type { ConsentRuns } from '../platform/consent-runs';
import type { Logger } from '../platform/logging';
import { TemporalUnavailable } from '../platform/temporal';
import type { ConsentStore } from '../store/consents';
import { classifyStoreError } from '../store/database';

const batch = 200;
/** Nudges at once within a batch. */
const parallel = 20;
/** How long a nudged consent is left alone; its run settles it within moments unless something is broken. */
const leaseMs = 60_000;

export function createConsentSweepActivities(dependencies: {
  consents: ConsentStore;
  consentRuns: ConsentRuns;
  log: Logger;
}): Pick<SweepActivities, 'sweepConsents'> {
  const { consents, consentRuns, log } = dependencies;

  /** Tells whether its run was told. One that can't be does not keep the others from it; an outage ends it all. */
  async function nudge(consent: StartableConsent): Promise<boolean> {
    try {
      await consentRuns.nudge(consent);
      return true;
    } catch (error) {
      if (error instanceof TemporalUnavailable) throw error;
      log.error({ err: error, consentId: consent.id }, 'a consent could not be nudged; the next sweep tries again');
      return false;
    }
  }

  async function sweep(): Promise<number> {
    let nudged = 0;
    for (;;) {
      const claimed = await consents.claimNeglected(batch, leaseMs);
      for (let from = 0; from < claimed.length; from += parallel) {
        const told = await Promise.all(claimed.slice(from, from + parallel).map(nudge));
        nudged += told.filter(Boolean).length;
        heartbeat();
      }
      if (claimed.length < batch) return nudged;
    }
  }

  return {
    async sweepConsents() {
      const nudged = await sweep().catch((error: unknown) => {
        throw classifyStoreError(error);
      });
      if (nudged > 0) log.info({ nudged }, 'sweep of consents');
      return { nudged };
    },
  };
}
