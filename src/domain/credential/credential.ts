/** Types of credentials, as every layer knows them. Imported by workflow code: nothing but types and constants. */

export const credentialTypes = ['API_KEY', 'CLIENT_CREDENTIALS'] as const;
/** `API_KEY`: a key of API Gateway. `CLIENT_CREDENTIALS`: an app client of a Cognito user pool. */
export type CredentialType = (typeof credentialTypes)[number];

export const credentialStatuses = [
  /** Being made, or made and not handed over yet. */
  'provisioning',
  /** Handed over. */
  'active',
  /** Never handed over; AWS holds nothing of it. */
  'failed',
  /** Being taken away: revoked, or made for a caller who did not get it. */
  'revoking',
  /** Was handed over once; AWS holds nothing of it. */
  'revoked',
  /** AWS may hold what it should not; an operator, or the sweeper, has it repaired. */
  'compensation_failed',
] as const;
export type CredentialStatus = (typeof credentialStatuses)[number];

export const operationKinds = ['create', 'update', 'revoke', 'repair'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** An API of the portal with the usage plans that are asked for it: ids of AWS, each once. */
export interface RequestedApi {
  id: string;
  usagePlans: string[];
}

/** What the portal asked a credential to be. */
export interface CredentialRequest {
  appName: string;
  appSlug: string | null;
  developer: string;
  credentialType: CredentialType;
  apis: RequestedApi[];
}

/** What an update asks to change; what is absent stays. */
export interface CredentialChange {
  appName?: string;
  developer?: string;
  apis?: RequestedApi[];
}

/** Which credential the portal means: exactly one way to say it. */
export type CredentialReference =
  { apiKeyId: string } | { clientId: string } | { appSlug: string } | { appName: string; developer: string };

/** Where in AWS a credential lives, fixed when it is asked for. */
export interface AwsPlace {
  /** Null: the region of the process (`AWS_REGION`, else the SDK's own chain). */
  region: string | null;
  /** Of app clients. */
  userPoolId: string | null;
}

/** A credential as PostgreSQL knows it: never a key value, never a secret. */
export interface Credential extends CredentialRequest, AwsPlace {
  tenantId: string;
  id: string;
  /** Identity of the app; names its workflow. */
  appKey: string;
  status: CredentialStatus;
  /** Id of the API key or of the app client; null: not known (yet). */
  awsId: string | null;
  /** Scopes of an app client, `<resource server>/<scope>`. */
  scopes: string[];
  /** Null: nobody ever got it. */
  handedOverAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export type StepStatus = 'running' | 'done' | 'failed';

/** One call on AWS that changes or checks something, of one operation. */
export interface CredentialStep {
  operationId: string;
  operation: OperationKind;
  /** 1-based within the operation, in the order of doing. */
  number: number;
  /** Such as `create-api-key` or `attach-usage-plan 1el57v`. */
  name: string;
  status: StepStatus;
  at: Date;
  /** Why it failed, in our words: nothing that AWS or the caller said. */
  error: string | null;
}

/** The usage plans that a request comes to, each once, in the order in which they are attached. */
export function usagePlansOf(apis: readonly RequestedApi[]): string[] {
  return [...new Set(apis.flatMap((api) => api.usagePlans))].sort();
}
