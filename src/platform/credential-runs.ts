import type { OperationNews, OperationOutcome, StartableOperation } from '../domain/credential-run';

/** The Temporal side of credentials: one workflow an app, which carries out one operation after the other. */
export interface CredentialRuns {
  /**
   * Has an accepted operation carried out and waits for what came of it, `withinMs` at most. It starts the app's
   * workflow where none runs.
   * @throws TemporalUnavailable also when there is no outcome within `withinMs`: then ask `CredentialStore.giveUp`
   */
  perform(operation: StartableOperation, withinMs: number): Promise<OperationOutcome>;
  /**
   * The same without waiting.
   * @throws TemporalUnavailable; the sweeper does it then
   */
  nudge(operation: StartableOperation): Promise<void>;
  /**
   * Tells a run what was stored. Best effort: it finds out by itself at the deadline.
   * @throws TemporalUnavailable
   */
  tell(operation: StartableOperation, news: OperationNews['news']): Promise<void>;
}
