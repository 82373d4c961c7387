import type { AwsPlace, Credential } from '../domain/credential/credential';
import type {
  OpenedOperation,
  OperationFailure,
  OperationKey,
  OperationOutcome,
  OperationResult,
  StartableOperation,
  StepRef,
} from '../domain/credential-run';
import { usagePlansOf } from '../domain/credential/credential';
import { newId } from '../domain/ids';
import type { AuditStore } from './audit';
import {
  databaseNow,
  later,
  lockCredential,
  operationRow,
  outcomeOf,
  toCredential,
  toOperation,
  waitingCreations,
  type CredentialRow,
  type OperationRow,
} from './credential-row';
import {
  givenUp,
  inProgress,
  late,
  lost,
  notFound,
  nothing,
  notHandedOver,
  stuckEvents,
  succeeded,
} from './credential-outcomes';
import type { Database } from './database';
import type { EventStore } from './events';

/** What a step works on: the credential as recorded, and as the operation asks for it. */
export interface StepSubject {
  recorded: Credential;
  requested: Credential;
}

/** What an operation came to, for whoever counts and logs. */
export interface RecordedResult {
  recorded: boolean;
  credential: Credential;
}

export type CredentialWorkStore = ReturnType<typeof createCredentialWorkStore>;

/** A made credential may be handed over this long after its caller's deadline at most: then its caller has died. */
const handOverGraceMs = 5_000;
/** An operation that is running this long after its deadline has perhaps lost its run. */
const overdueMs = 5 * 60_000;
/** The part of the deadline that is kept for handing over, or for recording that all is done. */
const reserve = 0.1;

type Dependencies = { database: Database; audit: AuditStore; events: Pick<EventStore, 'publish'> };

/** What the worker does with credentials: operations when it is their turn, their steps, and what came of them. */
export function createCredentialWorkStore({ database, audit, events }: Dependencies) {
  const updateCredential = (row: CredentialRow, columns: Partial<CredentialRow>, now: Date, within: Database) =>
    within('credentials')
      .where({ tenant_id: row.tenant_id, id: row.id })
      .update({ ...columns, updated_at: now });

  const updateOperation = (row: OperationRow, columns: Partial<OperationRow>, within: Database) =>
    operationRow(row.tenant_id, row.id, within).update(columns);

  async function lastStepOf(operation: OperationRow, within: Database): Promise<number> {
    const last = await within('credential_steps')
      .where({ tenant_id: operation.tenant_id, operation_id: operation.id })
      .max<{ max: number | null }>('number as max')
      .first();
    return last?.max ?? 0;
  }

  /** It will not be done; whoever waits for it hears why. */
  async function refuse(row: CredentialRow, operation: OperationRow, failure: OperationFailure, within: Database) {
    await updateOperation(operation, { status: 'failed', ...failure, look_at: null }, within);
    return nothing({ kind: 'failed', ...failure }, row.status);
  }

  async function remove(
    row: CredentialRow,
    operation: OperationRow,
    outcome: OperationOutcome,
    within: Database,
  ): Promise<OpenedOperation> {
    const now = await databaseNow(within);
    await updateCredential(row, { status: 'revoking', repair_by: null }, now, within);
    await updateOperation(operation, { status: 'running', look_at: later(now, overdueMs) }, within);
    const { credential_type: credentialType, aws_id: awsId } = row;
    return { todo: 'remove', credentialType, awsId, outcome, lastStep: await lastStepOf(operation, within) };
  }

  async function openCreation(row: CredentialRow, operation: OperationRow, within: Database): Promise<OpenedOperation> {
    const now = await databaseNow(within);
    if (row.status === 'active') {
      await updateOperation(operation, { status: 'done', look_at: null }, within);
      return nothing(succeeded, row.status);
    }
    if (row.status === 'revoking' && operation.status === 'running') {
      return remove(row, operation, { kind: 'failed', ...lost }, within);
    }
    if (row.status !== 'provisioning') return refuse(row, operation, lost, within);
    const waiting = await waitingCreations(row, within).select<OperationRow[]>('*');
    const made =
      operation.status === 'done' || waiting.some(({ status }) => status === 'done') || (await wasMade(row, within));
    if (made) {
      const until = Math.max(0, ...waiting.map((one) => one.deadline_at.getTime())) + handOverGraceMs;
      const waitMs = until - now.getTime();
      if (waitMs <= 0) return remove(row, operation, { kind: 'failed', ...notHandedOver }, within);
      await updateOperation(operation, { status: 'done', look_at: later(new Date(until), handOverGraceMs) }, within);
      return { todo: 'hand_over', waitMs };
    }
    // An earlier run began it and is lost: what it made is not known here.
    if (operation.status === 'running') return remove(row, operation, { kind: 'failed', ...lost }, within);
    const budgetMs = budgetOf(operation, now);
    if (budgetMs <= 0) {
      const others = waiting.some(({ id, status }) => id !== operation.id && status === 'accepted');
      if (!others) await updateCredential(row, { status: 'failed', value_salt: null, value_key: null }, now, within);
      return refuse(row, operation, late, within);
    }
    await updateOperation(operation, { status: 'running', look_at: later(operation.deadline_at, overdueMs) }, within);
    const lastStep = await lastStepOf(operation, within);
    const usagePlans = usagePlansOf(row.apis);
    return { todo: 'create', credentialType: row.credential_type, usagePlans, budgetMs, lastStep };
  }

  async function openUpdate(row: CredentialRow, operation: OperationRow, within: Database): Promise<OpenedOperation> {
    const now = await databaseNow(within);
    const live = row.status === 'active' || (row.status === 'compensation_failed' && row.handed_over_at !== null);
    if (!live || row.aws_id === null) {
      return refuse(row, operation, row.status === 'provisioning' ? inProgress : notFound, within);
    }
    const lastStep = await lastStepOf(operation, within);
    const work = { credentialType: row.credential_type, awsId: row.aws_id, lastStep };
    if (operation.status === 'running') return { todo: 'restore', ...work, outcome: { kind: 'failed', ...lost } };
    const budgetMs = budgetOf(operation, now);
    if (budgetMs <= 0) return refuse(row, operation, operation.given_up_at ? givenUp : late, within);
    await updateOperation(operation, { status: 'running', look_at: later(operation.deadline_at, overdueMs) }, within);
    const { appName = row.app_name, developer = row.developer, apis } = operation.change ?? {};
    const rename = appName !== row.app_name || developer !== row.developer;
    return { todo: 'update', ...work, plans: apis !== undefined, rename, budgetMs };
  }

  async function openRepair(row: CredentialRow, operation: OperationRow, within: Database): Promise<OpenedOperation> {
    if (row.status === 'revoking') return remove(row, operation, succeeded, within);
    if (row.status !== 'compensation_failed') {
      await updateOperation(operation, { status: 'done', look_at: null }, within);
      return nothing(succeeded, row.status);
    }
    if (row.repair_by === 'remove' || row.aws_id === null) return remove(row, operation, succeeded, within);
    const now = await databaseNow(within);
    await updateOperation(operation, { status: 'running', look_at: later(now, overdueMs) }, within);
    const lastStep = await lastStepOf(operation, within);
    return { todo: 'restore', credentialType: row.credential_type, awsId: row.aws_id, outcome: succeeded, lastStep };
  }

  return {
    /** What is to be done about an operation, which is its own from now on. */
    async open({ tenantId, credentialId, operationId }: OperationKey): Promise<OpenedOperation> {
      return database.transaction(async (within): Promise<OpenedOperation> => {
        const row = await lockCredential(tenantId, credentialId, within);
        const operation = await operationRow(tenantId, operationId, within).first<OperationRow | undefined>();
        if (!row || !operation) return nothing({ kind: 'failed', ...notFound }, null);
        if (operation.status === 'failed') return nothing(outcomeOf(operation), row.status);
        if (operation.kind === 'create') return openCreation(row, operation, within);
        // Answered already, and its run was lost before the end.
        const unfinished = operation.status === 'done' && operation.look_at !== null && row.status === 'revoking';
        if (operation.status === 'done' && !unfinished) return nothing(succeeded, row.status);
        if (operation.kind === 'update') return openUpdate(row, operation, within);
        if (operation.kind === 'repair') return openRepair(row, operation, within);
        if (row.status === 'failed' || row.status === 'revoked') {
          await updateOperation(operation, { status: 'done', look_at: null }, within);
          return nothing(succeeded, row.status);
        }
        return remove(row, operation, succeeded, within);
      });
    },

    /** Null: there is no such operation. */
    async record(
      { tenantId, credentialId, operationId }: OperationKey,
      result: OperationResult,
    ): Promise<RecordedResult | null> {
      return database.transaction(async (within) => {
        const row = await lockCredential(tenantId, credentialId, within);
        const operation = await operationRow(tenantId, operationId, within).first<OperationRow | undefined>();
        if (!row || !operation) return null;
        const now = await databaseNow(within);
        const recorded = await apply(row, operation, result, now, within);
        const after = await lockCredential(tenantId, credentialId, within);
        return { recorded, credential: toCredential(after ?? row) };
      });
    },

    /** Begins a step, or begins it again. `again`: an earlier attempt may have called AWS already. */
    async beginStep(step: StepRef, name: string): Promise<{ again: boolean }> {
      const { rows } = await database.raw<{ rows: { again: boolean }[] }>(
        `INSERT INTO credential_steps (tenant_id, operation_id, number, name, status, at)
         VALUES (?, ?, ?, ?, 'running', now())
         ON CONFLICT (tenant_id, operation_id, number) DO UPDATE SET status = 'running', at = now(), error = NULL
         RETURNING xmax <> 0 AS again`,
        [step.tenantId, step.operationId, step.number, name],
      );
      return { again: rows[0]?.again ?? false };
    },

    async endStep(step: StepRef, result: { status: 'done' } | { status: 'failed'; error: string }): Promise<void> {
      await database('credential_steps')
        .where({ tenant_id: step.tenantId, operation_id: step.operationId, number: step.number })
        .update({ ...result, at: database.fn.now() });
    },

    /** Null: there is no such operation. */
    async subject({ tenantId, credentialId, operationId }: OperationKey): Promise<StepSubject | null> {
      const row = await database('credentials')
        .where({ tenant_id: tenantId, id: credentialId })
        .first<CredentialRow | undefined>();
      const operation = await operationRow(tenantId, operationId, database).first<OperationRow | undefined>();
      if (!row || !operation) return null;
      const recorded = toCredential(row);
      return { recorded, requested: { ...recorded, ...operation.change } };
    },

    /** The id that AWS gave it, as soon as it is known. */
    async rememberAwsId({ tenantId, credentialId }: OperationKey, awsId: string): Promise<void> {
      await database('credentials').where({ tenant_id: tenantId, id: credentialId }).update({ aws_id: awsId });
    },

    /**
     * Claims up to `limit` operations whose run was not told of them, or has let their time pass; for `leaseMs` nobody
     * else gets them.
     */
    async claimNeglected(limit: number, leaseMs: number): Promise<StartableOperation[]> {
      // Materialized: as in the claim of deliveries.
      const { rows } = await database.raw<{ rows: (OperationRow & CredentialRow)[] }>(
        `WITH claimed AS MATERIALIZED (
           SELECT tenant_id, id FROM credential_operations WHERE look_at <= now()
           ORDER BY look_at LIMIT ? FOR UPDATE SKIP LOCKED
         )
         UPDATE credential_operations o SET look_at = now() + ? * interval '1 millisecond'
         FROM claimed, credentials c
         WHERE o.tenant_id = claimed.tenant_id AND o.id = claimed.id
           AND c.tenant_id = o.tenant_id AND c.id = o.credential_id
         RETURNING o.*, c.app_key, c.credential_type`,
        [limit, leaseMs],
      );
      return rows.map((row) => toOperation(row, row));
    },

    /** The id of this installation, which marks what is ours in AWS. Made at the first call. */
    async installationId(): Promise<string> {
      await database('installation').insert({ id: newId() }).onConflict('single').ignore();
      const row = await database('installation').first<{ id: string } | undefined>('id');
      if (!row) throw new Error('there is no installation id');
      return row.id;
    },

    /** What PostgreSQL knows of credentials that something in AWS says it belongs to. */
    async known(ids: readonly string[]): Promise<Map<string, Pick<Credential, 'tenantId' | 'status' | 'awsId'>>> {
      const rows = await database('credentials')
        .whereIn('id', [...ids])
        .select<CredentialRow[]>('*');
      return new Map(
        rows.map((row) => [row.id, { tenantId: row.tenant_id, status: row.status, awsId: row.aws_id }] as const),
      );
    },

    /** Everywhere in AWS where something of ours may be. */
    async places(): Promise<AwsPlace[]> {
      const rows = await database('credentials')
        .distinct<{ region: string | null; user_pool_id: string | null }[]>('region', 'user_pool_id')
        .union((q) => void q.from('portals').distinct('region', 'user_pool_id'));
      return rows.map((row) => ({ region: row.region, userPoolId: row.user_pool_id }));
    },

    /** Credentials that wait for a repair. */
    async stuck(limit: number): Promise<{ tenantId: string; id: string }[]> {
      const rows = await database('credentials')
        .where({ status: 'compensation_failed' })
        .orderBy('updated_at')
        .limit(limit)
        .select<{ tenant_id: string; id: string }[]>('tenant_id', 'id');
      return rows.map((row) => ({ tenantId: row.tenant_id, id: row.id }));
    },
  };

  /** Whether an earlier creation of the same is done: what it made is there, whoever waited for it. */
  async function wasMade(row: CredentialRow, within: Database): Promise<boolean> {
    const done = await within('credential_operations')
      .where({ tenant_id: row.tenant_id, credential_id: row.id, kind: 'create', status: 'done' })
      .first<{ id: string } | undefined>('id');
    return done !== undefined;
  }

  async function apply(
    row: CredentialRow,
    operation: OperationRow,
    result: OperationResult,
    now: Date,
    within: Database,
  ): Promise<boolean> {
    switch (result.kind) {
      case 'provisioned':
        await updateOperation(operation, { status: 'done' }, within);
        return true;
      case 'changed':
        if (operation.given_up_at) return false;
        await updateCredential(row, { ...changedColumns(operation), ...whole(row) }, now, within);
        await updateOperation(operation, { status: 'done', look_at: null }, within);
        return true;
      case 'undoing':
        await updateCredential(row, { status: 'revoking' }, now, within);
        return true;
      case 'cut_off':
        // The rest goes on: the sweeper goes on looking.
        if (operation.kind !== 'create') await updateOperation(operation, { status: 'done' }, within);
        return true;
      case 'removed': {
        const status = row.handed_over_at ? 'revoked' : 'failed';
        await updateCredential(row, { status, repair_by: null, value_salt: null, value_key: null }, now, within);
        await end(operation, result.failure, within);
        if (operation.kind === 'create') await endJoined(row, result.failure ?? lost, within);
        return true;
      }
      case 'restored':
        await updateCredential(row, whole(row), now, within);
        await end(operation, result.failure, within);
        return true;
      case 'stuck':
        await updateCredential(row, { status: 'compensation_failed', repair_by: result.repairBy }, now, within);
        await end(operation, result.failure, within);
        if (operation.kind === 'create') await endJoined(row, result.failure ?? lost, within);
        await audit.append(
          {
            tenantId: row.tenant_id,
            actor: 'worker',
            action: 'credential.compensation_failed',
            objectType: 'credential',
            objectId: row.id,
            fields: [],
            address: null,
            requestId: null,
            outcome: 'failure',
          },
          within,
        );
        // The sweeper starts the event's deliveries.
        await events.publish(row.tenant_id, stuckEvents(row, operation, result.failure?.code ?? null, now), within);
        return true;
    }
  }

  /** What its caller was told stays. */
  async function end(operation: OperationRow, failure: OperationFailure | undefined, within: Database) {
    const answered = operation.status === 'done' && operation.kind !== 'create';
    const outcome = failure && !answered ? { status: 'failed' as const, ...failure } : { status: 'done' as const };
    await updateOperation(operation, { ...outcome, look_at: null }, within);
  }

  /** Whoever waited for the same creation hears the same. */
  async function endJoined(row: CredentialRow, { code, message }: OperationFailure, within: Database): Promise<void> {
    await within('credential_operations')
      .where({ tenant_id: row.tenant_id, credential_id: row.id, kind: 'create' })
      .whereIn('status', ['accepted', 'running', 'done'])
      .update({ status: 'failed', code, message, look_at: null });
  }
}

/** The status of a credential whose AWS side is as recorded. */
function whole(row: CredentialRow): Partial<CredentialRow> {
  return row.status === 'compensation_failed' ? { status: 'active', repair_by: null } : {};
}

function changedColumns({ change }: OperationRow): Record<string, unknown> {
  return {
    ...(change?.appName !== undefined && { app_name: change.appName }),
    ...(change?.developer !== undefined && { developer: change.developer }),
    ...(change?.apis && { apis: JSON.stringify(change.apis) }),
    ...(change?.scopes && { scopes: change.scopes }),
  };
}

/** What is left of the deadline for the way there; none where the caller has gone. */
function budgetOf(operation: OperationRow, now: Date): number {
  if (operation.given_up_at) return 0;
  const kept = (operation.deadline_at.getTime() - operation.accepted_at.getTime()) * reserve;
  return operation.deadline_at.getTime() - now.getTime() - kept;
}
