import { LRUCache } from 'lru-cache';
import type { TokenIdentity, Tokens } from '../../platform/tokens';
import type { Client, TenantStore } from '../../store/tenants';
import { ApiError } from '../errors/api-error';
import { refusedClient } from '../client-authentication';
import type { RefusalLog } from '../refusal-log';

/**
 * The bearer of an Authorization header.
 * `bareToken`: the token may stand there alone, without the word Bearer.
 * @throws ApiError 401, the same for every cause
 */
export type Authenticate = (
  authorization: string | undefined,
  request: { bareToken: boolean; requestId: string; address: string },
) => Promise<TokenIdentity>;

/** A revoked client is let in no longer than this. */
const revocationSeenWithinMs = 5_000;

export function createAuthenticate({
  tokens,
  tenants,
  refusals,
}: {
  tokens: Tokens;
  tenants: Pick<TenantStore, 'findClient'>;
  refusals: Pick<RefusalLog, 'note'>;
}): Authenticate {
  // Requests that come together ask once.
  const found = new LRUCache<string, { client: Client | null }, TokenIdentity>({
    max: 10_000,
    ttl: revocationSeenWithinMs,
    async fetchMethod(_key, _stale, { context: { tenantId, clientId } }) {
      const known = await tenants.findClient(clientId);
      return { client: known?.client.tenantId === tenantId ? known.client : null };
    },
  });

  async function clientOf(caller: TokenIdentity): Promise<Client | null> {
    const { tenantId, clientId } = caller;
    const key = `${tenantId}|${clientId}`;
    const known = found.get(key) ?? (await found.fetch(key, { context: caller }));
    return known?.client ?? null;
  }

  return async (authorization = '', { bareToken, requestId, address }) => {
    // Nobody tried anything.
    if (authorization === '') throw unauthorized('Bearer');
    const [, bearer, token] = /^(Bearer +)?([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
    const isToken = token !== undefined && (bearer !== undefined || bareToken);
    const caller = isToken ? await tokens.verify(token) : null;
    const client = caller && (await clientOf(caller));
    if (caller && client?.revokedAt === null) return caller;
    refusals.note({ ...refusedClient(client), address, requestId });
    throw unauthorized();
  };
}

/** A challenge says why only to those who tried (RFC 6750 section 3.1). */
function unauthorized(challenge = 'Bearer error="invalid_token"'): ApiError {
  return new ApiError('unauthorized', 'A valid access token is needed: Authorization: Bearer <token>.', {
    headers: { 'WWW-Authenticate': challenge },
  });
}
