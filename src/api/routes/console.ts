import { Secret } from '../../domain/secret';
import { hashClientSecret, newClientSecret } from '../../platform/tokens';
import { sessionIdleMs, type ConsoleSession } from '../../store/console-sessions';
import { createAuthenticateClient } from '../client-authentication';
import type { ApiDependencies } from '../dependencies';
import { ApiError } from '../errors/api-error';
import { endOfCookie, notSignedIn, refuseOtherPages, sessionCookie, sessionToken } from '../middleware/console-session';
import type { RateLimits } from '../middleware/rate-limits';
import { consoleRoute, publicJsonRoute, type Route } from '../route';
import * as schemas from '../schemas/console';

const tag = 'Console';
const sessionPath = '/console/session';

interface Origin {
  address: string;
  requestId: string;
}

/** Signing in at the console, and what only the console asks for. Everything else it asks of the routes that all use. */
export function consoleRoutes(dependencies: ApiDependencies, limits: RateLimits): Route[] {
  const { config, log, refusals, tenants, consoleSessions } = dependencies;
  const authenticateClient = createAuthenticateClient(dependencies, limits);

  async function byClient(id: string, secret: Secret, origin: Origin, tokenDigest: Buffer): Promise<ConsoleSession> {
    const client = await authenticateClient({ id, secret }, origin).catch((error: unknown) => {
      throw error instanceof ApiError && error.status === 401 ? notSignedIn(error.detail) : error;
    });
    await limits.writes(client.tenantId);
    return consoleSessions.openByClient(client, tokenDigest, origin);
  }

  async function byLink(code: Secret, origin: Origin, tokenDigest: Buffer): Promise<ConsoleSession> {
    const codeDigest = hashClientSecret(code);
    const opened = await consoleSessions.openByLink(codeDigest, tokenDigest, origin);
    if (opened) return opened;
    const { address, requestId } = origin;
    // After the look: who has a good link is never kept out by the guesses of others behind the same proxy.
    const failureKey = `console|${address}`;
    await limits.authFailures.check(failureKey);
    await limits.authFailures.count(failureKey);
    const known = await consoleSessions.findLink(codeDigest);
    refusals.note({
      tenantId: known?.tenantId ?? null,
      actor: known ? `link:${known.id}` : 'unknown',
      action: 'console_session.open',
      objectType: 'console_session',
      objectId: '',
      fields: [],
      address,
      requestId,
    });
    log.warn({ requestId, address }, 'a link to the console was refused');
    throw notSignedIn('The link was used before, or it is too old: everhook console link makes another one.');
  }

  async function present(session: ConsoleSession): Promise<schemas.ShownSession> {
    const tenant = session.tenantId === null ? null : await tenants.findTenant(session.tenantId);
    return {
      tenant: tenant && { id: tenant.id, name: tenant.name },
      operator: session.tenantId === null,
      scopes: session.scopes,
      clientId: session.clientId,
      expiresAt: session.expiresAt.toISOString(),
      idleSeconds: sessionIdleMs / 1000,
      temporalUiUrl: config.TEMPORAL_UI_URL ?? null,
      temporalNamespace: config.TEMPORAL_NAMESPACE,
    };
  }

  return [
    publicJsonRoute({
      method: 'post',
      path: sessionPath,
      tag,
      operationId: 'signInAtConsole',
      summary: 'Sign a browser in at the console',
      description:
        'Sets a cookie that this API takes together with the header `X-Everhook-Console: 1`, which this request needs ' +
        'too. A session lasts 12 hours at most, and ends after one that it is not used in.',
      json: schemas.signIn,
      responses: { 201: { description: 'Signed in', schema: schemas.shownSession } },
      errors: [401],
      async handle({ headers, body, address, requestId }) {
        refuseOtherPages(headers);
        const token = newClientSecret();
        const tokenDigest = hashClientSecret(token);
        const origin = { address, requestId };
        const session =
          'link' in body
            ? await byLink(new Secret(body.link), origin, tokenDigest)
            : await byClient(body.clientId, new Secret(body.clientSecret), origin, tokenDigest);
        const before = sessionToken(headers);
        if (before) await consoleSessions.close({ tokenDigest: hashClientSecret(before) }, origin);
        return {
          status: 201,
          headers: { 'Set-Cookie': sessionCookie(token, headers) },
          body: await present(session),
        };
      },
    }),

    consoleRoute({
      method: 'get',
      path: sessionPath,
      tag,
      operationId: 'getConsoleSession',
      summary: 'Who is signed in',
      responses: { 200: { description: 'The session', schema: schemas.shownSession } },
      handle: async ({ session }) => ({ status: 200, body: await present(session) }),
    }),

    consoleRoute({
      method: 'delete',
      path: sessionPath,
      tag,
      operationId: 'signOutAtConsole',
      summary: 'Sign out',
      responses: { 204: { description: 'Signed out' } },
      async handle({ session, headers, address, requestId }) {
        await consoleSessions.close({ id: session.id }, { address, requestId });
        return { status: 204, headers: { 'Set-Cookie': endOfCookie(headers) } };
      },
    }),

    consoleRoute({
      method: 'get',
      path: '/console/tenants',
      tag,
      operationId: 'listConsoleTenants',
      summary: 'The tenants that an operator may look at, newest first',
      operatorOnly: true,
      query: schemas.tenantListQuery,
      responses: { 200: { description: 'A page', schema: schemas.tenantPage } },
      async handle({ query }) {
        const page = await tenants.listTenants(query);
        const data = page.data.map(({ id, name, createdAt }) => ({ id, name, createdAt: createdAt.toISOString() }));
        return { status: 200, body: { ...page, data } };
      },
    }),
  ];
}
