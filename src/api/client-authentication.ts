import { isUuid } from '../domain/ids';
import type { Secret } from '../domain/secret';
import { hashClientSecret, sameDigest } from '../platform/tokens';
import type { Client, TenantStore } from '../store/tenants';
import type { ApiDependencies } from './dependencies';
import { ApiError } from './errors/api-error';
import type { RateLimits } from './middleware/rate-limits';

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
  { tenants, log }: Pick<ApiDependencies, 'tenants' | 'log'>,
  { authFailures }: RateLimits,
): AuthenticateClient {
  return async (credentials, { requestId, address }) => {
    const failureKey = `${address}|${isUuid(credentials.id) ? credentials.id.toLowerCase() : ''}`;
    await authFailures.check(failureKey);
    const client = await find(tenants, credentials);
    if (client) return client;
    await authFailures.count(failureKey);
    log.warn({ requestId, address }, 'client authentication failed');
    throw invalidClient();
  };
}

/** Takes as long for an unknown client as for a wrong secret. */
async function find(
  tenants: Pick<TenantStore, 'findClient'>,
  { id, secret }: ClientCredentials,
): Promise<Client | null> {
  const found = isUuid(id) ? await tenants.findClient(id) : null;
  const given = hashClientSecret(secret);
  const matches = sameDigest(given, found?.secretDigest ?? Buffer.alloc(given.length));
  return found && matches && found.client.revokedAt === null ? found.client : null;
}

export function invalidClient(): ApiError {
  return new ApiError('unauthorized', 'The client id or secret is wrong.', {
    headers: { 'WWW-Authenticate': 'Basic realm="everhook", charset="UTF-8"' },
  });
}
