import type { CredentialStatus, CredentialType, OperationKind } from './credential/credential';

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

/** What is to be done about an operation when it is its turn. */
export type OpenedOperation =
  | { todo: 'nothing'; outcome: OperationOutcome; status: CredentialStatus | null }
  /** It is made; `waitMs` from now it is taken back unless somebody got it. */
  | { todo: 'hand_over'; waitMs: number }
  | (Work & { todo: 'create'; usagePlans: string[]; budgetMs: number })
  | (Work & { todo: 'update'; awsId: string; plans: boolean; rename: boolean; budgetMs: number })
  /** Back to what is recorded: an update that was left half-way. `outcome`: what its caller hears then. */
  | (Work & { todo: 'restore'; awsId: string; outcome: OperationOutcome })
  /** Nothing of it may stay. `awsId` null: it may be there all the same. */
  | (Work & { todo: 'remove'; awsId: string | null; outcome: OperationOutcome });

interface Work {
  credentialType: CredentialType;
  /** Steps that an earlier run made: numbers go on after it. */
  lastStep: number;
}

/** What a run has come to, for PostgreSQL. */
export type OperationResult =
  /** A creation is made, and waits to be handed over. */
  | { kind: 'provisioned' }
  /** An update is done. */
  | { kind: 'changed' }
  /** A revocation has its effect; the rest goes on behind it. */
  | { kind: 'cut_off' }
  /** A creation failed, what was made is about to be undone: whoever asks now gets a new one. */
  | { kind: 'undoing'; failure: OperationFailure }
  /** AWS holds nothing of it any more. `failure`: why a creation is taken back. */
  | { kind: 'removed'; failure?: OperationFailure }
  /** AWS is as recorded again. */
  | { kind: 'restored'; failure?: OperationFailure }
  /** AWS may hold what it should not, and trying further does not help now. */
  | { kind: 'stuck'; repairBy: 'remove' | 'restore'; failure?: OperationFailure };

export type OperationFailure = Omit<Extract<OperationOutcome, { kind: 'failed' }>, 'kind'>;

export type OperationKey = OperationRef & { tenantId: string };

/** Which step of which operation an activity is. */
export interface StepRef extends OperationKey {
  number: number;
}

/** Of the database alone; they run within the workflow's task. */
export interface CredentialRecordActivities {
  /** Says what is to be done now, and records that it is begun. */
  openOperation(operation: OperationKey): Promise<OpenedOperation>;
  /**
   * Records what came of it, and for the operations that waited for the same. Not `recorded`: its caller has given up
   * an update meanwhile, or there is no such operation, so that it must be undone.
   */
  recordResult(
    operation: OperationKey,
    result: OperationResult,
  ): Promise<{ recorded: boolean; status: CredentialStatus }>;
}

/** A usage plan with the API stages it covers, as `<api id>/<stage>`. */
export interface UsagePlanStages {
  id: string;
  stages: string[];
}

/**
 * The steps that call AWS, each recorded with its number and name. All can be repeated: a call whose answer was lost is
 * looked up before it is made again. They fail with a type of {@link FailureCode}.
 */
export interface CredentialAwsActivities {
  /** Checks the usage plans asked for, `recorded` for those the credential has. */
  checkUsagePlans(step: StepRef, of: 'requested' | 'recorded'): Promise<UsagePlanStages[]>;
  /** Makes the key, disabled. */
  createApiKey(step: StepRef): Promise<{ apiKeyId: string }>;
  /** The key of an answer that was lost; null: there is none. */
  findApiKey(step: StepRef): Promise<string | null>;
  attachUsagePlan(step: StepRef, apiKeyId: string, usagePlanId: string): Promise<void>;
  enableApiKey(step: StepRef, apiKeyId: string): Promise<void>;
  disableApiKey(step: StepRef, apiKeyId: string): Promise<void>;
  readUsagePlans(step: StepRef, apiKeyId: string): Promise<UsagePlanStages[]>;
  detachUsagePlan(step: StepRef, apiKeyId: string, usagePlanId: string): Promise<void>;
  renameApiKey(step: StepRef, apiKeyId: string, to: 'requested' | 'recorded'): Promise<void>;
  deleteApiKey(step: StepRef, apiKeyId: string): Promise<void>;
  /** Checks that the user pool has the scopes asked for. */
  checkScopes(step: StepRef): Promise<void>;
  createAppClient(step: StepRef): Promise<{ clientId: string }>;
  findAppClient(step: StepRef): Promise<string | null>;
  updateAppClient(step: StepRef, clientId: string, to: 'requested' | 'recorded'): Promise<void>;
  deleteAppClient(step: StepRef, clientId: string): Promise<void>;
}
