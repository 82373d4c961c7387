import { appKeyOf, normalizeApis, requestDigestOf } from '../domain/credential/app';
import type {
  AwsPlace,
  Credential,
  CredentialChange,
  CredentialReference,
  CredentialRequest,
  CredentialStatus,
  CredentialStep,
  CredentialType,
  OperationKind,
} from '../domain/credential/credential';
import type { OperationOutcome, StartableOperation } from '../domain/credential-run';
import { newId, randomName } from '../domain/ids';
import type { AuditStore, NewAuditEntry } from './audit';
import {
  databaseNow,
  later,
  lockCredential,
  operationRow,
  outcomeOf,
  toCredential,
  toOperation,
  toStep,
  waitingCreations,
  type CredentialRow,
  type OperationRow,
  type StepRow,
  type StoredChange,
} from './credential-row';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';

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

/** How long whoever stored something has to tell the run of it before the sweeper does. */
const tellGraceMs = 10_000;
const liveStatuses: CredentialStatus[] = ['provisioning', 'active', 'revoking', 'compensation_failed'];

export function createCredentialStore(options: {
  database: Database;
  audit: AuditStore;
  /** How long a caller waits, in milliseconds. */
  deadlineMs: number;
}): CredentialStore {
  const { database, audit, deadlineMs } = options;

  /** Stores an operation of a credential that is locked, or new. */
  async function addOperation(
    row: CredentialRow,
    kind: OperationKind,
    change: StoredChange | null,
    within: Database,
  ): Promise<{ operation: StartableOperation; deadlineAt: Date }> {
    const now = await databaseNow(within);
    const id = newId(now);
    const deadlineAt = later(now, deadlineMs);
    await within('credential_operations').insert({
      tenant_id: row.tenant_id,
      id,
      credential_id: row.id,
      kind,
      status: 'accepted',
      change: change && JSON.stringify(change),
      accepted_at: now,
      deadline_at: deadlineAt,
      look_at: later(now, tellGraceMs),
    });
    return { operation: toOperation(row, { id, credential_id: row.id, kind }), deadlineAt };
  }

  /** The live one of what is meant, else the newest. */
  const meant = (tenantId: string, reference: CredentialReference, within: Database = database) =>
    within('credentials')
      .where({ tenant_id: tenantId, ...columnsOf(reference) })
      .orderByRaw('(status = ANY(?)) DESC, id DESC', [liveStatuses])
      .first<CredentialRow | undefined>();

  async function change(
    tenantId: string,
    find: (within: Database) => Promise<CredentialRow | undefined>,
    judge: (row: CredentialRow) => 'accept' | Exclude<ChangeAcceptance['kind'], 'accepted'>,
    operation: { kind: OperationKind; change: StoredChange | null },
    entry: Entry,
  ): Promise<ChangeAcceptance> {
    return database.transaction(async (within): Promise<ChangeAcceptance> => {
      const found = await find(within);
      const row = found && (await lockCredential(tenantId, found.id, within));
      if (!row) return { kind: 'not_found' };
      const credential = toCredential(row);
      const verdict = judge(row);
      if (verdict === 'not_found') return { kind: verdict };
      if (verdict !== 'accept') return { kind: verdict, credential };
      const accepted = await addOperation(row, operation.kind, operation.change, within);
      await audit.append({ ...entry, objectId: row.id }, within);
      return { kind: 'accepted', ...accepted, credential };
    });
  }

  async function stepsOf(tenantId: string, ids: readonly string[]): Promise<Map<string, CredentialStep[]>> {
    const rows = await database('credential_steps as s')
      .join('credential_operations as o', (on) => on.on('o.tenant_id', 's.tenant_id').on('o.id', 's.operation_id'))
      .where('o.tenant_id', tenantId)
      .whereIn('o.credential_id', [...ids])
      .orderBy([{ column: 's.operation_id' }, { column: 's.number' }])
      .select<(StepRow & { kind: OperationKind; credential_id: string })[]>('s.*', 'o.kind', 'o.credential_id');
    const byCredential = new Map<string, CredentialStep[]>(ids.map((id) => [id, []]));
    for (const row of rows) byCredential.get(row.credential_id)?.push(toStep(row));
    return byCredential;
  }

  return {
    async acceptCreate(tenantId, request, entry) {
      const appKey = appKeyOf(request);
      const digest = requestDigestOf(request);
      return database.transaction(async (within): Promise<CreateAcceptance> => {
        await within.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [`credential/${tenantId}/${appKey}`]);
        const existing = await within('credentials')
          .where({ tenant_id: tenantId, app_key: appKey })
          // Also where an update could not be undone: the app has them all the same.
          .whereRaw(
            `(status IN ('provisioning', 'active') OR status = 'compensation_failed' AND handed_over_at IS NOT NULL)`,
          )
          .orderBy('id', 'desc')
          .forUpdate()
          .first<CredentialRow | undefined>();
        if (existing) {
          if (existing.request_digest !== digest) return { kind: 'conflict', credential: toCredential(existing) };
          if (existing.status === 'provisioning') {
            return { kind: 'accepted', ...(await addOperation(existing, 'create', null, within)) };
          }
          // From now on it is not only the first caller's: it can't be taken back because that one hung up.
          await within('credentials').where({ tenant_id: tenantId, id: existing.id }).update({ handed_over_by: null });
          return { kind: 'repeated', credential: toCredential(existing) };
        }
        const now = await databaseNow(within);
        const [row] = await within('credentials')
          .insert({
            tenant_id: tenantId,
            id: newId(now),
            app_key: appKey,
            app_name: request.appName,
            app_slug: request.appSlug,
            developer: request.developer,
            credential_type: request.credentialType,
            apis: JSON.stringify(normalizeApis(request.apis)),
            scopes: request.scopes,
            request_digest: digest,
            region: request.region,
            user_pool_id: request.userPoolId,
            status: 'provisioning',
            value_salt: randomName(),
            created_at: now,
            updated_at: now,
          })
          .returning<CredentialRow[]>('*');
        if (!row) throw new Error('insert returned no credential');
        await audit.append({ ...entry, objectId: row.id }, within);
        return { kind: 'accepted', ...(await addOperation(row, 'create', null, within)) };
      });
    },

    acceptUpdate(tenantId, reference, { change: asked, scopes, credentialType }, entry) {
      const stored: StoredChange = {
        ...asked,
        ...(asked.apis && { apis: normalizeApis(asked.apis) }),
        ...(scopes && { scopes }),
      };
      return change(
        tenantId,
        (within) => meant(tenantId, reference, within),
        (row) => {
          if (row.status === 'failed' || row.status === 'revoked') return 'not_found';
          if (credentialType && credentialType !== row.credential_type) return 'type_mismatch';
          return isHandedOver(row) ? 'accept' : 'conflict';
        },
        { kind: 'update', change: stored },
        entry,
      );
    },

    acceptRevoke(tenantId, reference, { credentialType }, entry) {
      return change(
        tenantId,
        (within) => meant(tenantId, reference, within),
        (row) => {
          if (credentialType && credentialType !== row.credential_type) return 'type_mismatch';
          return row.status === 'failed' || row.status === 'revoked' ? 'done' : 'accept';
        },
        { kind: 'revoke', change: null },
        entry,
      );
    },

    acceptRepair(tenantId, id, entry) {
      return change(
        tenantId,
        (within) => within('credentials').where({ tenant_id: tenantId, id }).first<CredentialRow | undefined>(),
        (row) => (row.status === 'compensation_failed' ? 'accept' : 'conflict'),
        { kind: 'repair', change: null },
        entry,
      );
    },

    async handOver({ tenantId, credentialId, operationId }) {
      return database.transaction(async (within) => {
        const row = await lockCredential(tenantId, credentialId, within);
        const operation = await operationRow(tenantId, operationId, within).first<OperationRow | undefined>();
        if (!row || operation?.kind !== 'create' || operation.status !== 'done' || operation.given_up_at) return false;
        if (row.status === 'active') return true;
        if (row.status !== 'provisioning') return false;
        const now = await databaseNow(within);
        await within('credentials').where({ tenant_id: tenantId, id: credentialId }).update({
          status: 'active',
          handed_over_at: now,
          handed_over_by: operationId,
          value_salt: null,
          value_key: null,
          updated_at: now,
        });
        // Nothing is left for the sweeper to look at.
        await waitingCreations(row, within).where('status', 'done').update({ look_at: null });
        return true;
      });
    },

    async giveUp({ tenantId, credentialId, operationId }) {
      return database.transaction(async (within): Promise<GivingUp> => {
        const row = await lockCredential(tenantId, credentialId, within);
        const operation = await operationRow(tenantId, operationId, within).first<OperationRow | undefined>();
        if (!row || !operation) return { kind: 'given_up', tell: false };
        if (operation.status === 'failed') return { kind: 'failed', outcome: outcomeOf(operation) };
        if (operation.status === 'done' && operation.kind !== 'create') return { kind: 'succeeded' };
        const now = await databaseNow(within);
        await operationRow(tenantId, operationId, within).update({ given_up_at: now });
        if (operation.kind !== 'create') return { kind: 'given_up', tell: operation.kind === 'update' };
        const others = await waitingCreations(row, within).select('id');
        return { kind: 'given_up', tell: row.status === 'provisioning' && others.length === 0 };
      });
    },

    async takeBack({ tenantId, credentialId, operationId }, entry) {
      return database.transaction(async (within) => {
        const row = await lockCredential(tenantId, credentialId, within);
        if (row?.status !== 'active' || row.handed_over_by !== operationId) return null;
        const now = await databaseNow(within);
        await operationRow(tenantId, operationId, within).update({ given_up_at: now });
        const others = await waitingCreations(row, within).select('id');
        if (others.length > 0) return null;
        await within('credentials')
          .where({ tenant_id: tenantId, id: credentialId })
          .update({ status: 'revoking', handed_over_at: null, handed_over_by: null, updated_at: now });
        await audit.append({ ...entry, objectId: credentialId }, within);
        return (await addOperation(row, 'revoke', null, within)).operation;
      });
    },

    async find(tenantId, id) {
      const row = await database('credentials').where({ tenant_id: tenantId, id }).first<CredentialRow | undefined>();
      return row ? toCredential(row) : null;
    },

    async findBy(tenantId, reference) {
      const row = await meant(tenantId, reference);
      return row ? toCredential(row) : null;
    },

    async list(tenantId, query) {
      const { below, from } = idBounds(query);
      const rows = await database('credentials')
        .where({ tenant_id: tenantId })
        .modify((q) => {
          if (query.status) void q.where('status', query.status);
          if (query.credentialType) void q.where('credential_type', query.credentialType);
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<CredentialRow[]>('*');
      return toPage(rows, query.limit, (row) => row.id, toCredential);
    },

    async steps(tenantId, id) {
      return (await stepsOf(tenantId, [id])).get(id) ?? [];
    },

    stepsOf,
  };
}

/** Also where an update of it could not be undone. */
const isHandedOver = (row: CredentialRow) =>
  row.status === 'active' || (row.status === 'compensation_failed' && row.handed_over_at !== null);

function columnsOf(reference: CredentialReference): Partial<CredentialRow> {
  if ('apiKeyId' in reference) return { aws_id: reference.apiKeyId, credential_type: 'API_KEY' };
  if ('clientId' in reference) return { aws_id: reference.clientId, credential_type: 'CLIENT_CREDENTIALS' };
  if ('appSlug' in reference) return { app_slug: reference.appSlug };
  return { app_name: reference.appName, developer: reference.developer };
}
