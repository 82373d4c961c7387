import type { CredentialStatus } from '../domain/credential/credential';
import type { NewEvent } from '../domain/event';
import type { FailureCode, OpenedOperation, OperationFailure, OperationOutcome } from '../domain/credential-run';
import { compensationFailedEvent } from '../domain/operational-events';
import type { CredentialRow, OperationRow } from './credential-row';

/** What PostgreSQL itself can say of an operation, without AWS. */
export const succeeded: OperationOutcome = { kind: 'succeeded' };
export const nothing = (outcome: OperationOutcome, status: CredentialStatus | null): OpenedOperation => ({
  todo: 'nothing',
  outcome,
  status,
});

const failure = (code: FailureCode, message: string): OperationFailure => ({ code, message });
export const late = failure('deadline', 'it could not be done in time');
export const lost = failure('deadline', 'it was interrupted');
export const notHandedOver = failure('given_up', 'nobody took it over in time');
export const givenUp = failure('given_up', 'the caller went away');
export const notFound = failure('not_found', 'there are no such credentials');
export const inProgress = failure('in_progress', 'the credentials are being made');

/** What a tenant is told of a credential that is stuck: once until it is repaired, however often the repair is tried. */
export function stuckEvents(
  row: CredentialRow,
  { id, kind }: OperationRow,
  code: string | null,
  now: Date,
): NewEvent[] {
  if (kind === 'repair' || row.repair_by !== null) return [];
  const { id: credentialId, credential_type: credentialType } = row;
  return [compensationFailedEvent({ credentialId, credentialType, operationId: id, code, failedAt: now })];
}
