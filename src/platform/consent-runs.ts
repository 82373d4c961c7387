import type { ConsentAction, StartableConsent } from '../domain/consent-run';

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
