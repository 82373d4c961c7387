import { isUuid } from '../domain/ids';
import type { Secret } from '../domain/secret';
import { hashClientSecret, sameDigest } from '../platform/tokens';
import type { Client, TenantStore } from '../store/tenants';
import type { ApiDependencies } from './dependencies';
import { ApiError } from './errors/api-error';
import type { RateLimits } from './middleware/rate-limits';
import type { Refusal } from './refusal-log';

export interface ClientCredentials {
  id: string;
  secret: Secret;
}

/** @throws ApiError 401, the same for every cause, and 429 after too many of them */
export type AuthenticateClient = (
  credentials: ClientCredentials,
  request: { requestId: string; address: string },
) => Promise<Client>;

/** Client authentication of every token endpoint; failures are counted together. */
export function createAuthenticateClient(
  { tenants, refusals, log }: Pick<ApiDependencies, 'tenants' | 'refusals' | 'log'>,
  { authFailures }: RateLimits,
): AuthenticateClient {
  return async (credentials, { requestId, address }) => {
    const failureKey = `${address}|${isUuid(credentials.id) ? credentials.id.toLowerCase() : ''}`;
    await authFailures.check(failureKey);
    const { known, isGenuine } = await look(tenants, credentials);
    if (known && isGenuine) return known;
    await authFailures.count(failureKey);
    refusals.note({ ...refusedClient(known), address, requestId });
    log.warn({ requestId, address }, 'client authentication failed');
    throw invalidClient();
  };
}

/** The client that is named, and whether it is the one who asks. Takes as long for an unknown client as for a wrong secret. */
async function look(
  tenants: Pick<TenantStore, 'findClient'>,
  { id, secret }: ClientCredentials,
): Promise<{ known: Client | null; isGenuine: boolean }> {
  const found = isUuid(id) ? await tenants.findClient(id) : null;
  const given = hashClientSecret(secret);
  const matches = sameDigest(given, found?.secretDigest ?? Buffer.alloc(given.length));
  return { known: found?.client ?? null, isGenuine: matches && found?.client.revokedAt === null };
}

/** What the audit log says of a failed authentication of a client. An id that is none may be anything: it is not repeated. */
export function refusedClient(known: Pick<Client, 'tenantId' | 'id'> | null): Omit<Refusal, 'address' | 'requestId'> {
  return {
    tenantId: known?.tenantId ?? null,
    actor: known ? `client:${known.id}` : 'unknown',
    action: 'client.authenticate',
    objectType: 'client',
    objectId: known?.id ?? '',
    fields: [],
  };
}

function invalidClient(): ApiError {
  return new ApiError('unauthorized', 'The client id or secret is wrong.', {
    headers: { 'WWW-Authenticate': 'Basic realm="everhook", charset="UTF-8"' },
  });
}
