import type { IncomingHttpHeaders } from 'node:http';
import { isUuid } from '../../domain/ids';
import { Secret } from '../../domain/secret';
import { hashClientSecret } from '../../platform/tokens';
import {
  sessionActor,
  sessionLifetimeMs,
  type ConsoleSession,
  type ConsoleSessionStore,
} from '../../store/console-sessions';
import type { TenantStore } from '../../store/tenants';
import { ApiError, malformed } from '../errors/api-error';
import type { Caller } from '../route';

/** Names a cookie that only an https page of this very host can have set. */
const secureName = '__Host-everhook_console';
/** Over plain http, as in development, no browser keeps that one. */
const plainName = 'everhook_console';

/** Every request of the console has it. A page of another origin can't send it without asking first, and is refused then. */
const consoleHeader = 'x-everhook-console';
/** Whose data an operator's request is about. */
const tenantHeader = 'x-everhook-tenant';

/** Who is behind a request with the cookie of a console session. */
export interface AuthenticateConsole {
  /** Whether to ask here at all: no bearer, and a header that only our own page sends. */
  isMeant(headers: IncomingHttpHeaders): boolean;
  /** @throws ApiError 401 */
  session(headers: IncomingHttpHeaders): Promise<ConsoleSession>;
  /** For a route of a tenant. @throws ApiError 401; 400 when it is not clear which tenant is meant */
  caller(headers: IncomingHttpHeaders): Promise<Caller>;
}

export function createAuthenticateConsole({
  consoleSessions,
  tenants,
}: {
  consoleSessions: Pick<ConsoleSessionStore, 'find'>;
  tenants: Pick<TenantStore, 'findTenant'>;
}): AuthenticateConsole {
  async function session(headers: IncomingHttpHeaders): Promise<ConsoleSession> {
    refuseOtherPages(headers);
    const token = sessionToken(headers);
    const found = token && (await consoleSessions.find(hashClientSecret(token)));
    if (!found) throw notSignedIn();
    return found;
  }

  return {
    isMeant: (headers) => headers.authorization === undefined && headers[consoleHeader] === '1',
    session,
    async caller(headers) {
      const found = await session(headers);
      const { tenantId, scopes } = found;
      const actor = sessionActor(found);
      const named = headers[tenantHeader];
      if (tenantId !== null) {
        // A page that was left open while somebody else signed in must not act for another tenant than it shows.
        if (named !== undefined && named !== tenantId) throw malformed('The session is not of that tenant.');
        return { tenantId, actor, scopes };
      }
      if (typeof named !== 'string' || !isUuid(named)) {
        throw malformed(`An operator's request names its tenant: ${tenantHeader}.`);
      }
      const tenant = await tenants.findTenant(named);
      if (!tenant) throw malformed('There is no such tenant.');
      return { tenantId: tenant.id, actor, scopes };
    },
  };
}

/** @throws ApiError 401 for a request that our own page did not send */
export function refuseOtherPages(headers: IncomingHttpHeaders): void {
  if (headers[consoleHeader] !== '1' || !isSameOrigin(headers)) throw notSignedIn();
}

/** As the browser says. Programs that are none say nothing, and hold no cookie that is not theirs. */
function isSameOrigin({ 'sec-fetch-site': site, origin, host }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin';
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

/** Without a challenge that a browser would ask for a password at. */
export const notSignedIn = (detail = 'Sign in at /console first.') =>
  new ApiError('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Everhook-Console' } });

/** What a request's cookie holds; null: nothing that could be one of ours. */
export function sessionToken(headers: IncomingHttpHeaders): Secret | null {
  const { cookie = '' } = headers;
  const cookies = new Map(
    cookie.split(';').map((one): [string, string] => {
      const [name = '', ...value] = one.trim().split('=');
      return [name, value.join('=')];
    }),
  );
  // Over https the plain one can only have been planted, by a neighbour's host or on the way.
  const value = cookies.get(secureName) ?? (isHttps(headers) ? undefined : cookies.get(plainName)) ?? '';
  return /^[\w-]{43}$/.test(value) ? new Secret(value) : null;
}

/** Sets the cookie: for https only where the page that asks has come by it. */
export function sessionCookie(token: Secret, headers: IncomingHttpHeaders): string {
  return cookieOf(isHttps(headers), token.reveal(), sessionLifetimeMs / 1000);
}

/** The browser says it whenever a page changes something, most proxies say it always. */
function isHttps({ origin = '', 'x-forwarded-proto': proto }: IncomingHttpHeaders): boolean {
  return origin.startsWith('https:') || String(proto).startsWith('https');
}

/** Takes the cookie away. */
export function endOfCookie(headers: IncomingHttpHeaders): string {
  return cookieOf((headers.cookie ?? '').includes(`${secureName}=`), '', 0);
}

function cookieOf(isSecure: boolean, value: string, maxAge: number): string {
  const attributes = ['Path=/', `Max-Age=${maxAge}`, 'HttpOnly', 'SameSite=Strict', ...(isSecure ? ['Secure'] : [])];
  return [`${isSecure ? secureName : plainName}=${value}`, ...attributes].join('; ');
}
