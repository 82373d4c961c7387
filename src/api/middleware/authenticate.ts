import { LRUCache } from 'lru-cache';
import type { Tokens } from '../../platform/tokens';
import type { TenantStore } from '../../store/tenants';
import { ApiError } from '../errors/api-error';
import type { Caller } from '../route';

/**
 * The bearer of an Authorization header.
 * `bareToken`: the token may stand there alone, without the word Bearer.
 * @throws ApiError 401, the same for every cause
 */
export type Authenticate = (authorization: string | undefined, options: { bareToken: boolean }) => Promise<Caller>;

/** A revoked client is let in no longer than this. */
const revocationSeenWithinMs = 5_000;

export function createAuthenticate(tokens: Tokens, tenants: Pick<TenantStore, 'findClient'>): Authenticate {
  const active = new LRUCache<string, boolean>({ max: 10_000, ttl: revocationSeenWithinMs });

  async function isActive({ tenantId, clientId }: Caller): Promise<boolean> {
    const key = `${tenantId}|${clientId}`;
    const cached = active.get(key);
    if (cached !== undefined) return cached;
    const found = await tenants.findClient(clientId);
    const result = found !== null && found.client.tenantId === tenantId && found.client.revokedAt === null;
    active.set(key, result);
    return result;
  }

  return async (authorization = '', { bareToken }) => {
    const [, bearer, token] = /^(Bearer +)?([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
    if (authorization === '') throw unauthorized('Bearer');
    if (token === undefined || (bearer === undefined && !bareToken)) throw unauthorized();
    const caller = await tokens.verify(token);
    if (!caller || !(await isActive(caller))) throw unauthorized();
    return caller;
  };
}

/** A challenge says why only to those who tried (RFC 6750 section 3.1). */
function unauthorized(challenge = 'Bearer error="invalid_token"'): ApiError {
  return new ApiError('unauthorized', 'A valid access token is needed: Authorization: Bearer <token>.', {
    headers: { 'WWW-Authenticate': challenge },
  });
}
