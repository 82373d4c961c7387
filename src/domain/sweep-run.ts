/** What the sweeper's workflow and activities agree on. Imported by workflow code. */

export const sweepWorkflowType = 'sweep';

export interface DeliverySweepResult {
  /** Deliveries of the outbox whose workflow was started. */
  started: number;
  /** Overdue deliveries whose run was lost and began again. */
  restarted: number;
  /** Overdue deliveries whose run an operator had ended: now cancelled. */
  cancelled: number;
  /** Webhooks whose tenants were told of deliveries that failed. */
  told: number;
}

export interface ConsentSweepResult {
  /** Consents whose run was told again, or began again, because it had not done what was due. */
  nudged: number;
}

export interface CredentialSweepResult {
  /** Operations on credentials whose run was told of them again, or began again. */
  nudged: number;
}

/** One sweep's work, as the Web UI shows it. */
export interface SweepResult {
  deliveries: DeliverySweepResult;
  consents: ConsentSweepResult;
  credentials: CredentialSweepResult;
}

/** All run until nothing is left; safe to run at any time, anywhere, as often as wanted. */
export interface SweepActivities {
  sweepDeliveries(): Promise<DeliverySweepResult>;
  sweepConsents(): Promise<ConsentSweepResult>;
  sweepCredentials(): Promise<CredentialSweepResult>;
}

/** Workflow type of the sweep through AWS, which has a Schedule of its own: calls on AWS are few and far between. */
export const awsSweepWorkflowType = 'awsSweep';

export interface AwsSweepInput {
  awsTaskQueue: string;
}

export interface AwsSweepResult {
  /** Keys and app clients of ours that no credential has: now gone. */
  removed: number;
  /** Credentials whose failed compensation is tried again. */
  repairing: number;
}

export interface AwsSweepActivities {
  /** Touches nothing that is not marked as this installation's. */
  sweepAws(): Promise<AwsSweepResult>;
}
