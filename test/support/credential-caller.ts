import type {
  AwsPlace,
  CredentialChange,
  CredentialReference,
  CredentialRequest,
} from '../../src/domain/credential/credential';
import type { OperationOutcome, StartableOperation } from '../../src/domain/credential-run';
import { AwsFailure } from '../../src/platform/aws/errors';
import type { CredentialSecrets } from '../../src/platform/aws/secrets';
import type { CredentialRuns } from '../../src/platform/credential-runs';
import { TemporalUnavailable } from '../../src/platform/temporal';
import type { CredentialStore } from '../../src/store/credentials';

/** What the caller of an operation hears, as the API would tell it. */
export type Heard =
  | { kind: 'created'; credentialId: string; awsId: string; secret: string }
  | { kind: 'done' }
  | { kind: 'refused'; why: string }
  | { kind: 'failed'; code: string };

export type CreationRequest = CredentialRequest & AwsPlace & { scopes: string[] };

/** The API's part of the work, for callers who wait for `deadlineMs`; that of `credentials` is the same. */
export function createCredentialCaller(dependencies: {
  tenantId: string;
  credentials: CredentialStore;
  runs: CredentialRuns;
  secrets: CredentialSecrets;
  deadlineMs: number;
}) {
  const { tenantId, credentials, runs, secrets, deadlineMs } = dependencies;

  const entry = (action: string) => ({
    tenantId,
    actor: 'portal:test',
    action,
    objectType: 'credential',
    fields: [],
    address: null,
    requestId: null,
    outcome: 'success' as const,
  });

  /** As the API waits: until the outcome, the deadline, or until the caller hangs up. */
  async function outcomeOf(operation: StartableOperation, hangUp?: Promise<void>): Promise<OperationOutcome> {
    try {
      const performed = runs.perform(operation, deadlineMs);
      const hungUp = hangUp?.then(() => Promise.reject(new TemporalUnavailable(new Error('the caller hung up'))));
      return await (hungUp ? Promise.race([performed, hungUp]) : performed);
    } catch (error) {
      if (!(error instanceof TemporalUnavailable)) throw error;
      const given = await credentials.giveUp(operation);
      if (given.kind === 'given_up' && given.tell) await runs.tell(operation, 'given_up');
      if (given.kind === 'succeeded') return { kind: 'succeeded' };
      return given.kind === 'failed' ? given.outcome : { kind: 'failed', code: 'deadline', message: 'given up' };
    }
  }

  const heardOf = (outcome: OperationOutcome): Heard =>
    outcome.kind === 'failed' ? { kind: 'failed', code: outcome.code } : { kind: 'done' };

  return {
    /**
     * All that the API does for a creation; `write` false: the caller has hung up when the answer is written. `hangUp`: it
     * does so when that resolves.
     */
    async create(
      request: CreationRequest,
      { write = true, hangUp }: { write?: boolean; hangUp?: Promise<void> } = {},
    ): Promise<Heard> {
      const acceptance = await credentials.acceptCreate(tenantId, request, entry('credential.create'));
      if (acceptance.kind === 'conflict') return { kind: 'refused', why: 'conflict' };
      const operation = acceptance.kind === 'accepted' ? acceptance.operation : undefined;
      if (operation) {
        const outcome = await outcomeOf(operation, hangUp);
        if (outcome.kind === 'failed') return { kind: 'failed', code: outcome.code };
      }
      const id = operation?.credentialId ?? (acceptance.kind === 'repeated' ? acceptance.credential.id : '');
      const credential = await credentials.find(tenantId, id);
      if (!credential?.awsId) throw new Error('a made credential has no id of AWS');
      const secret = await secrets.read({ ...credential, awsId: credential.awsId }).catch((error: unknown) => {
        if (error instanceof AwsFailure) return error;
        throw error;
      });
      if (secret instanceof AwsFailure) {
        const given = operation && (await credentials.giveUp(operation));
        if (operation && given?.kind === 'given_up' && given.tell) await runs.tell(operation, 'given_up');
        return { kind: 'failed', code: 'aws_unavailable' };
      }
      if (operation && !(await credentials.handOver(operation))) return { kind: 'failed', code: 'deadline' };
      if (operation && !write) {
        const revocation = await credentials.takeBack(operation, entry('credential.take_back'));
        if (revocation) await runs.nudge(revocation);
        return { kind: 'failed', code: 'given_up' };
      }
      if (operation) await runs.tell(operation, 'handed_over');
      if (!secret) return { kind: 'failed', code: 'aws_refused' };
      const value = secret.credentialType === 'API_KEY' ? secret.apiKey : secret.clientSecret;
      return { kind: 'created', credentialId: id, awsId: credential.awsId, secret: value.reveal() };
    },

    async update(reference: CredentialReference, change: CredentialChange, scopes?: string[]): Promise<Heard> {
      const asked = { change, ...(scopes && { scopes }) };
      const acceptance = await credentials.acceptUpdate(tenantId, reference, asked, entry('credential.update'));
      if (acceptance.kind !== 'accepted') return { kind: 'refused', why: acceptance.kind };
      return heardOf(await outcomeOf(acceptance.operation));
    },

    async revoke(reference: CredentialReference): Promise<Heard> {
      const acceptance = await credentials.acceptRevoke(tenantId, reference, {}, entry('credential.revoke'));
      if (acceptance.kind === 'done') return { kind: 'done' };
      if (acceptance.kind !== 'accepted') return { kind: 'refused', why: acceptance.kind };
      return heardOf(await outcomeOf(acceptance.operation));
    },
  };
}

export type CredentialCaller = ReturnType<typeof createCredentialCaller>;
