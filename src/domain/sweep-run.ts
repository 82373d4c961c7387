/** What the sweeper's workflow and activities agree on. Imported by workflow code. */

export const sweepWorkflowType = 'sweep';

export interface DeliverySweepResult {
  /** Deliveries of the outbox whose workflow was started. */
  started: number;
  /** Overdue deliveries whose run was lost and began again. */
  restarted: number;
  /** Overdue deliveries whose run an operator had ended: now cancelled. */
  cancelled: number;
}

export interface ConsentSweepResult {
  /** Consents whose run was told again, or began again, because it had not done what was due. */
  nudged: number;
}

/** One sweep's work, as the Web UI shows it. */
export interface SweepResult {
  deliveries: DeliverySweepResult;
  consents: ConsentSweepResult;
}

/** Both run until nothing is left; safe to run at any time, anywhere, as often as wanted. */
export interface SweepActivities {
  sweepDeliveries(): Promise<DeliverySweepResult>;
  sweepConsents(): Promise<ConsentSweepResult>;
}
