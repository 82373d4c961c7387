import type { ErrorClass } from './delivery';

/**
 * What the API, the workflow and the activity of a connection test agree on. Imported by workflow code: nothing but
 * types and constants.
 */

/** Workflow type, as the Web UI shows it. */
export const connectionTestWorkflowType = 'connectionTest';

/** The longest that a target may take to answer, even if its webhook is more patient: somebody waits for the result. */
export const longestConnectionTestMs = 5_000;

/** Ids only: the target is read from PostgreSQL, its URL may be a secret. */
export interface ConnectionTestInput {
  tenantId: string;
  webhookId: string;
}

/** What came of one HEAD request. */
export interface ConnectionTestResult {
  /** What the target answered, whatever it is; null: there was no complete answer. */
  statusCode: number | null;
  /** Why there was none. */
  errorClass: ErrorClass | null;
  durationMs: number;
}

/** `src/activities/connection-test.ts` has it. */
export interface ConnectionTestActivities {
  /** Sends a HEAD request to the webhook's target, through the egress; null: there is no such webhook. */
  testConnection(input: ConnectionTestInput): Promise<ConnectionTestResult | null>;
}
