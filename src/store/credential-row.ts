import type {
  Credential,
  CredentialChange,
  CredentialStatus,
  CredentialStep,
  CredentialType,
  OperationKind,
  RequestedApi,
  StepStatus,
} from '../domain/credential/credential';
import type { FailureCode, OperationOutcome, StartableOperation } from '../domain/credential-run';
import type { Database } from './database';

/** Rows of the credentials' tables, for the stores that share them. */
export interface CredentialRow {
  tenant_id: string;
  id: string;
  app_key: string;
  app_name: string;
  app_slug: string | null;
  developer: string;
  credential_type: CredentialType;
  apis: RequestedApi[];
  scopes: string[];
  request_digest: string;
  region: string | null;
  user_pool_id: string | null;
  status: CredentialStatus;
  aws_id: string | null;
  value_salt: string | null;
  value_key: string | null;
  handed_over_at: Date | null;
  handed_over_by: string | null;
  repair_by: 'remove' | 'restore' | null;
  created_at: Date;
  updated_at: Date;
}

export interface OperationRow {
  tenant_id: string;
  id: string;
  credential_id: string;
  kind: OperationKind;
  status: 'accepted' | 'running' | 'done' | 'failed';
  change: StoredChange | null;
  accepted_at: Date;
  deadline_at: Date;
  given_up_at: Date | null;
  code: FailureCode | null;
  message: string | null;
  look_at: Date | null;
}

/** What an update asks for; `scopes` is what its APIs come to. */
export type StoredChange = CredentialChange & { scopes?: string[] };

export interface StepRow {
  tenant_id: string;
  operation_id: string;
  number: number;
  name: string;
  status: StepStatus;
  at: Date;
  error: string | null;
}

export const toCredential = (row: CredentialRow): Credential => ({
  tenantId: row.tenant_id,
  id: row.id,
  appKey: row.app_key,
  appName: row.app_name,
  appSlug: row.app_slug,
  developer: row.developer,
  credentialType: row.credential_type,
  apis: row.apis,
  scopes: row.scopes,
  region: row.region,
  userPoolId: row.user_pool_id,
  status: row.status,
  awsId: row.aws_id,
  handedOverAt: row.handed_over_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const toOperation = (
  credential: Pick<CredentialRow, 'tenant_id' | 'app_key' | 'credential_type'>,
  operation: Pick<OperationRow, 'id' | 'credential_id' | 'kind'>,
): StartableOperation => ({
  tenantId: credential.tenant_id,
  appKey: credential.app_key,
  credentialId: operation.credential_id,
  operationId: operation.id,
  kind: operation.kind,
  credentialType: credential.credential_type,
});

export const toStep = (row: StepRow & { kind: OperationKind }): CredentialStep => ({
  operationId: row.operation_id,
  operation: row.kind,
  number: row.number,
  name: row.name,
  status: row.status,
  at: row.at,
  error: row.error,
});

export function outcomeOf(row: Pick<OperationRow, 'status' | 'code' | 'message'>): OperationOutcome {
  if (row.status !== 'failed') return { kind: 'succeeded' };
  return { kind: 'failed', code: row.code ?? 'aws_unavailable', message: row.message ?? '' };
}

/** Now, by the one clock that judges deadlines: PostgreSQL's. */
export async function databaseNow(within: Database): Promise<Date> {
  const { rows } = await within.raw<{ rows: { now: Date }[] }>(
    `SELECT date_trunc('milliseconds', clock_timestamp()) AS now`,
  );
  const [row] = rows;
  if (!row) throw new Error('the clock gave no answer');
  return row.now;
}

/** The row; until the end of the transaction nobody else changes the credential or its operations. */
export function lockCredential(tenantId: string, id: string, within: Database): Promise<CredentialRow | undefined> {
  return within('credentials').where({ tenant_id: tenantId, id }).forUpdate().first<CredentialRow | undefined>();
}

export const operationRow = (tenantId: string, id: string, within: Database) =>
  within('credential_operations').where({ tenant_id: tenantId, id });

/** Creations of a credential whose callers are waiting for it, or have got it. */
export const waitingCreations = (row: Pick<CredentialRow, 'tenant_id' | 'id'>, within: Database) =>
  within('credential_operations')
    .where({ tenant_id: row.tenant_id, credential_id: row.id, kind: 'create' })
    .whereIn('status', ['accepted', 'running', 'done'])
    .whereNull('given_up_at');

export const later = (at: Date, ms: number) => new Date(at.getTime() + ms);
