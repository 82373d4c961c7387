import type { Credential } from '../../domain/credential/credential';
import type { StartableOperation } from '../../domain/credential-run';
import { AwsFailure } from '../../platform/aws/errors';
import type { HandedOverCredential } from '../../platform/aws/secrets';
import type { NewAuditEntry } from '../../store/audit';
import type { Portal } from '../../store/portals';
import type { ApiDependencies } from '../dependencies';
import type { PortalRequest, Reply } from '../route';
import type { CreatedCredentials } from '../schemas/sensedia';
import { failed } from './sensedia-errors';
import type { Perform } from './sensedia-perform';

/** The only places where a key value or a client secret passes through us: from AWS into one answer. */
export interface HandOver {
  /**
   * Has a creation carried out and answers with it. Before the answer is sent the credential is active; when it could
   * not be sent, it is taken back.
   * @throws ApiError as {@link Perform}; then AWS keeps nothing of it
   */
  first(operation: StartableOperation, request: PortalRequest<unknown>): Promise<Reply>;
  /** Answers with what was handed over before. @throws ApiError 502, 503; it stays as it is */
  again(credential: Credential, request: PortalRequest<unknown>): Promise<Reply>;
}

type Needs = Pick<ApiDependencies, 'config' | 'credentials' | 'credentialRuns' | 'credentialSecrets' | 'log'>;

/** Reading one thing from AWS takes no longer. */
const readMs = 5_000;

export function createHandOver(dependencies: Needs, perform: Perform): HandOver {
  const { config, credentials, credentialRuns, credentialSecrets, log } = dependencies;

  /** Null: AWS does not have it. @throws AwsFailure */
  async function read(credential: Credential | null, withinMs = readMs): Promise<HandedOverCredential | null> {
    if (!credential?.awsId) return null;
    return credentialSecrets.read({ ...credential, awsId: credential.awsId }, AbortSignal.timeout(withinMs));
  }

  async function takeBack(operation: StartableOperation, request: PortalRequest<unknown>): Promise<void> {
    const ids = { credentialId: operation.credentialId, requestId: request.requestId };
    try {
      const revocation = await credentials.takeBack(operation, portalEntry(request, 'credential.take_back'));
      if (!revocation) return;
      log.warn(ids, 'a new credential could not be handed over and is taken back');
      await credentialRuns.nudge(revocation);
    } catch (error) {
      log.error({ err: error, ...ids }, 'a new credential could not be taken back at once');
    }
  }

  /** Best effort: its run sees it at the deadline otherwise. */
  const confirm = (operation: StartableOperation) =>
    credentialRuns
      .tell(operation, 'handed_over')
      .catch((error: unknown) => log.debug({ err: error }, 'a run was not told of a hand-over'));

  return {
    async first(operation, request) {
      const { hungUp, portal } = request;
      const until = Date.now() + config.CREDENTIALS_DEADLINE;
      await perform(operation, hungUp);
      const credential = await credentials.find(operation.tenantId, operation.credentialId);
      let secret: HandedOverCredential | null = null;
      try {
        secret = await read(credential, Math.max(1, Math.min(readMs, until - Date.now())));
      } catch (error) {
        if (!isAwsAway(error)) throw error;
        log.warn({ err: error, credentialId: operation.credentialId }, 'a new credential could not be read');
      }
      if (!credential || !secret || hungUp.aborted) {
        await perform.giveUp(operation);
        throw failed('aws_unavailable', 'AWS did not tell the credential; ask again.');
      }
      let isHandedOver = false;
      try {
        isHandedOver = await credentials.handOver(operation);
      } catch (error) {
        // It may have been recorded all the same.
        await takeBack(operation, request);
        throw error;
      }
      if (!isHandedOver) throw failed('deadline', 'It could not be done in time; ask again.');
      return {
        status: 200,
        body: toBody(secret, credential, portal),
        onSent: (wasSent) => void (wasSent ? confirm(operation) : takeBack(operation, request)),
      };
    },

    async again(credential, { portal }) {
      try {
        const secret = await read(credential);
        if (secret) return { status: 200, body: toBody(secret, credential, portal) };
      } catch (error) {
        if (!isAwsAway(error)) throw error;
        log.warn({ err: error, credentialId: credential.id }, 'a credential could not be read');
        throw failed('aws_unavailable', 'AWS did not tell the credential; ask again.');
      }
      throw failed('aws_refused', 'AWS does not have the credential any more: revoke it, then create it again.');
    },
  };
}

/** The call failed, or took too long. */
const isAwsAway = (error: unknown) =>
  error instanceof AwsFailure || (error instanceof DOMException && error.name === 'TimeoutError');

function toBody(secret: HandedOverCredential, { scopes }: Credential, { tokenUrl }: Portal): CreatedCredentials {
  if (secret.credentialType === 'API_KEY') {
    return { credentialType: 'API_KEY', apiKeyId: secret.apiKeyId, apiKey: secret.apiKey.reveal() };
  }
  return {
    credentialType: 'CLIENT_CREDENTIALS',
    clientId: secret.clientId,
    clientSecret: secret.clientSecret.reveal(),
    customCredentials: { ...(tokenUrl !== null && { tokenUrl }), scopes: scopes.join(' ') },
  };
}

/** The audit entry of what a portal does, without its object's id. */
export function portalEntry(
  { portal, address, requestId }: PortalRequest<unknown>,
  action: `credential.${string}`,
  fields: readonly string[] = [],
): Omit<NewAuditEntry, 'objectId'> {
  return {
    tenantId: portal.tenantId,
    actor: `portal:${portal.username}`,
    action,
    objectType: 'credential',
    fields: [...fields],
    address,
    requestId,
    outcome: 'success',
  };
}
