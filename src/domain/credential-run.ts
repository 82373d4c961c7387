import type { CredentialType, OperationKind } from './credential/credential';

/**
 * What the API, the workflow of an app's credentials and its activities agree on. Ids only: who the developer is and how
 * the app is called are read from PostgreSQL. Imported by workflow code: nothing but types, constants and pure functions.
 */

/** Workflow type, as the Web UI shows it. */
export const credentialWorkflowType = 'credential';

/** Update: carries out one operation; its id is the operation's. Resolves with an {@link OperationOutcome}. */
export const performUpdate = 'perform';
/** Signal: the same for whoever does not wait. */
export const performSignal = 'carryOut';
/** Signal: something was stored about an operation, see {@link OperationNews}. */
export const newsSignal = 'news';

/** One workflow an app: what is asked for it is done one after the other. */
export function credentialWorkflowId({ tenantId, appKey }: { tenantId: string; appKey: string }): string {
  return `credential/${tenantId}/${appKey}`;
}

/** Task queue of the activities that call AWS; its rate is limited to the account's budget. */
export function awsTaskQueue(taskQueue: string): string {
  return `${taskQueue}-aws`;
}

/** What is needed to address the run of an operation; `CredentialStore` gives it out. */
export interface StartableOperation {
  tenantId: string;
  /** Of the app, see `Credential.appKey`. */
  appKey: string;
  credentialId: string;
  operationId: string;
  kind: OperationKind;
  credentialType: CredentialType;
}

/** Input of the workflow. */
export interface CredentialRunInput {
  tenantId: string;
  /** Where the activities that call AWS are taken from. */
  awsTaskQueue: string;
  /** False where the server does not know our search attributes: the run then goes without them. */
  searchAttributes: boolean;
}

/** Argument of {@link performUpdate} and {@link performSignal}. */
export interface OperationRef {
  credentialId: string;
  operationId: string;
}

/**
 * `given_up`: nobody waits for it any more (`CredentialStore.giveUp` said to tell), what was made is to go.
 * `handed_over`: the caller gets it now (`CredentialStore.handOver`), the run need not wait for that.
 */
export interface OperationNews extends OperationRef {
  news: 'given_up' | 'handed_over';
}

export const failureCodes = [
  /** 422: AWS has no such usage plan. */
  'unknown_usage_plan',
  /** 422: a usage plan does not cover an API that it was asked for. */
  'plan_does_not_cover_api',
  /** 422: two usage plans cover the same stage of an API, which AWS forbids for one key. */
  'plans_share_stage',
  /** 422: the user pool has no such scope. */
  'unknown_scope',
  /** 502: AWS refused the call: access denied, quota used up, invalid parameter. */
  'aws_refused',
  /** 503: AWS asked us to slow down until the deadline. */
  'aws_throttled',
  /** 503: AWS failed or did not answer until the deadline. */
  'aws_unavailable',
  /** 503: the deadline passed otherwise. */
  'deadline',
  /** 503: the caller went away. */
  'given_up',
  /** 404: by the time it was its turn there were no such credentials (any more). */
  'not_found',
  /** 409: by the time it was its turn another operation was in progress. */
  'in_progress',
] as const;
export type FailureCode = (typeof failureCodes)[number];

/** What came of an operation, for its caller. `message` is ours, for people; safe to show. */
export type OperationOutcome = { kind: 'succeeded' } | { kind: 'failed'; code: FailureCode; message: string };
