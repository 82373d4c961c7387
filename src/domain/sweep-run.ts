/** What the sweeper's workflow and activity agree on. Imported by workflow code. */

export const sweepWorkflowType = 'sweep';

/** One sweep's work, as the Web UI shows it. */
export interface SweepResult {
  /** Deliveries of the outbox whose workflow was started. */
  started: number;
  /** Overdue deliveries whose run was lost and began again. */
  restarted: number;
  /** Overdue deliveries whose run an operator had ended: now cancelled. */
  cancelled: number;
}

export interface SweepActivities {
  /** Runs until the outbox is empty; safe to run at any time, anywhere, as often as wanted. */
  sweepDeliveries(): Promise<SweepResult>;
}
