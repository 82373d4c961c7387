import { consentWorkflowId, type StartableConsent } from '../domain/consent-run';
import type { ConsentRuns } from './consent-runs';
import type { Logger } from './logging';
import { TemporalUnavailable } from './temporal';

/** Starts the workflows of consents that were just committed, behind their creator's back. */
export interface ConsentStarter {
  /** Never throws: a consent that is not started here is found by the sweeper. */
  start(consent: StartableConsent): void;
  /** Waits for the starts in flight. */
  close(): Promise<void>;
}

/** While Temporal is slow or away, more are left to the sweeper. */
const maxInFlight = 100;

export function createConsentStarter({ runs, log }: { runs: Pick<ConsentRuns, 'start'>; log: Logger }): ConsentStarter {
  const inFlight = new Set<Promise<void>>();

  async function startOne(consent: StartableConsent): Promise<void> {
    try {
      await runs.start(consent);
    } catch (error) {
      const details = { err: error, workflowId: consentWorkflowId(consent) };
      if (error instanceof TemporalUnavailable) log.warn(details, 'Temporal is away; a consent waits for the sweeper');
      else log.error(details, 'a consent could not be started; the sweeper tries again');
    }
  }

  return {
    start(consent) {
      if (inFlight.size >= maxInFlight) return;
      const starting = startOne(consent).finally(() => inFlight.delete(starting));
      inFlight.add(starting);
    },
    async close() {
      await Promise.all(inFlight);
    },
  };
}
