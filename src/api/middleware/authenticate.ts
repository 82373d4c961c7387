import { LRUCache } from 'lru-cache';
import type { Tokens } from '../../platform/tokens';
import type { TenantStore } from '../../store/tenants';
import { ApiError } from '../errors/api-error';
import type { Caller } from '../route';

/** The bearer of an Authorization header. @throws ApiError 401, the same for every cause */
export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

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

  return async (authorization = '') => {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
    const caller = token === undefined ? null : await tokens.verify(token);
    if (!caller || !(await isActive(caller))) throw unauthorized();
    return caller;
  };
}

function unauthorized(): ApiError {
  return new ApiError('unauthorized', 'A valid access token is needed: Authorization: Bearer <token>.', {
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  });
}
