import type {
  AwsPlace,
  Credential,
  CredentialChange,
  CredentialReference,
  CredentialRequest,
  CredentialStatus,
  CredentialStep,
  CredentialType,
} from '../domain/credential/credential';
import type { OperationOutcome, StartableOperation } from '../domain/credential-run';
import type { NewAuditEntry } from './audit';
import type { ListQuery, Page } from './cursor';

/** What asking for a creation came to. */
export type CreateAcceptance =
  /**
   * Stored: have it performed (`CredentialRuns.perform`); when that succeeded read the secret from AWS, `handOver`, and
   * answer. Also for a repetition of a creation that is still going on.
   */
  | { kind: 'accepted'; operation: StartableOperation; deadlineAt: Date }
  /** The app has these credentials already, from the same request: read the secret from AWS and answer. */
  | { kind: 'repeated'; credential: Credential }
  /** 409: the app has credentials, or is getting them, from a different request. */
  | { kind: 'conflict'; credential: Credential };

/** What asking for an update or a revocation came to. */
export type ChangeAcceptance =
  | { kind: 'accepted'; operation: StartableOperation; deadlineAt: Date; credential: Credential }
  /** Of a revocation: it was done before. */
  | { kind: 'done'; credential: Credential }
  /** 404: this tenant has no such credential. */
  | { kind: 'not_found' }
  /** 409: its status does not allow it now. */
  | { kind: 'conflict'; credential: Credential }
  /** 409: `credentialType` of the request is not that of the credential. */
  | { kind: 'type_mismatch'; credential: Credential };

/** What became of an operation whose caller can't wait any longer. */
export type GivingUp =
  /** It is done after all: answer so. A creation never is, it needs to be handed over. */
  | { kind: 'succeeded' }
  | { kind: 'failed'; outcome: OperationOutcome }
  /** Nobody waits for it any more. `tell`: call `CredentialRuns.tell(operation, 'given_up')`, nobody else waits either. */
  | { kind: 'given_up'; tell: boolean };

type Entry = Omit<NewAuditEntry, 'objectId'>;

/** What the API and the command line do with credentials. */
export interface CredentialStore {
  /**
   * Accepts a creation. The type, the place in AWS and the scopes (see `scopesOf`) are decided by the caller, from the
   * tenant's portal. The audit entry is written if it is a new one.
   */
  acceptCreate(
    tenantId: string,
    request: CredentialRequest & AwsPlace & { scopes: string[] },
    entry: Entry,
  ): Promise<CreateAcceptance>;
  /** Accepts an update. `scopes`: what the change's `apis` come to, for an app client. */
  acceptUpdate(
    tenantId: string,
    reference: CredentialReference,
    request: { change: CredentialChange; scopes?: string[]; credentialType?: CredentialType },
    entry: Entry,
  ): Promise<ChangeAcceptance>;
  /** Accepts a revocation; it will be carried out whoever stops waiting for it. */
  acceptRevoke(
    tenantId: string,
    reference: CredentialReference,
    request: { credentialType?: CredentialType },
    entry: Entry,
  ): Promise<ChangeAcceptance>;
  /**
   * Accepts that what is left of a failed compensation is tried again. Its run is told by whoever calls, else by the
   * next sweep. `conflict`: there is nothing to repair.
   */
  acceptRepair(tenantId: string, id: string, entry: Entry): Promise<ChangeAcceptance>;

  /**
   * The last thing before the answer to a creation is written: from here on the credential is active. False: it is too
   * late, or it was taken away meanwhile; the caller must not get it.
   */
  handOver(operation: StartableOperation): Promise<boolean>;
  /**
   * The caller can't be answered any more: the deadline is over, or it hung up. What an operation made that nobody else
   * waits for is taken away; a revocation goes on.
   */
  giveUp(operation: StartableOperation): Promise<GivingUp>;
  /**
   * The answer with the secret could not be written to the caller: undoes {@link handOver}. The operation that is
   * returned revokes it: `CredentialRuns.nudge` it. Null: somebody else got it, or waits for it, so it stays.
   */
  takeBack(operation: StartableOperation, entry: Entry): Promise<StartableOperation | null>;

  /** Null for an unknown id or another tenant's. */
  find(tenantId: string, id: string): Promise<Credential | null>;
  /** The credential that is meant: the newest one of an app, also when it is revoked. */
  findBy(tenantId: string, reference: CredentialReference): Promise<Credential | null>;
  list(
    tenantId: string,
    query: ListQuery & { status?: CredentialStatus; credentialType?: CredentialType },
  ): Promise<Page<Credential>>;
  /** All steps of all operations, in the order of doing. */
  steps(tenantId: string, id: string): Promise<CredentialStep[]>;
  /** The same of many credentials, by their ids. */
  stepsOf(tenantId: string, ids: readonly string[]): Promise<Map<string, CredentialStep[]>>;
}
