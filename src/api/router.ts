import Router from '@koa/router';
import type { Context } from 'koa';
import { z, type ZodType } from 'zod';
import { ApiError, notFound } from './errors/api-error';
import { refusalOf, validate } from './errors/validation';
import type { Authenticate } from './middleware/authenticate';
import type { AuthenticatePortal } from './middleware/basic-auth';
import type { AuthenticateOperator } from './middleware/codec-access';
import type { AuthenticateConsole } from './middleware/console-session';
import { readForm } from './middleware/form-body';
import { bodyLimit, readJsonBody } from './middleware/json-body';
import { unfitPath } from './middleware/no-route';
import type { RateLimits } from './middleware/rate-limits';
import type { RequestState } from './middleware/request-frame';
import type { Tenancy } from '../store/tenancy';
import type { Refusal, RefusalLog } from './refusal-log';
import { auditEntry, type ApiRequest, type AuthenticatedRoute, type Caller, type Reply, type Route } from './route';
import { BlockedTarget } from './target-url';

const noQuery = z.strictObject({});

/** Puts routes behind a router: authenticate, check the scope, count, validate, call, write the reply. */
export function createRouter(
  routes: readonly Route[],
  options: {
    authenticate: Authenticate;
    authenticatePortal: AuthenticatePortal;
    authenticateOperator: AuthenticateOperator;
    /** Null: there is no console. */
    authenticateConsole: AuthenticateConsole | null;
    limits: RateLimits;
    refusals: RefusalLog;
    tenancy: Tenancy;
  },
): Router<RequestState> {
  const { authenticate, authenticatePortal, authenticateOperator, authenticateConsole, limits, refusals, tenancy } =
    options;
  const router = new Router<RequestState>({ sensitive: true, strict: true, exclusive: 'specificity' });
  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router.register(path, [route.method], async (ctx: Context & { state: RequestState }) => {
      ctx.state.route = route.path;
      write(ctx, await call(route, ctx));
    });
  }
  return router;

  async function call(route: Route, ctx: Context & { state: RequestState }): Promise<Reply> {
    const base = { requestId: ctx.state.requestId, address: ctx.ip, headers: ctx.headers };
    if (route.access === 'public') {
      const body = route.form ? await readForm(ctx.req) : new URLSearchParams();
      return route.handle({ ...base, params: pathParams(route, ctx), query: ctx.query, body });
    }
    if (route.access === 'public-json') {
      const body = validate(route.json, await jsonBody({}, ctx), 'body');
      return route.handle({ ...base, params: pathParams(route, ctx), query: ctx.query, body });
    }
    if (route.access === 'portal') {
      // Two of them may be read differently by whoever stands in front of us.
      const given = ctx.req.headersDistinct.authorization?.join(', ');
      const portal = await authenticatePortal(given, base);
      ctx.state.tenantId = portal.tenantId;
      if (route.write) await limits.writes(portal.tenantId);
      const body = route.body && validate(route.body, await jsonBody({}, ctx), 'body');
      const request = { ...base, portal, params: {}, query: {}, body, hungUp: hangUpOf(ctx) };
      return tenancy.run(portal.tenantId, () => route.handle(request));
    }
    if (route.access === 'operator') {
      const params = pathParams(route, ctx);
      await authenticateOperator({ ...base, token: params.token });
      const body = validate(route.body, await jsonBody(route, ctx), 'body');
      return route.handle({ ...base, params, query: ctx.query, body });
    }
    if (route.access === 'console') {
      const session = await authenticateConsole?.session(ctx.headers);
      if (!session) throw notFound();
      if (route.operatorOnly && session.tenantId !== null) throw new ApiError('forbidden', 'This is for operators.');
      return route.handle({ ...base, session, params: pathParams(route, ctx), query: queryOf(route, ctx) });
    }
    const caller = await callerOf(route, ctx);
    ctx.state.tenantId = caller.tenantId;
    if (route.access !== 'any' && !caller.scopes.includes(route.access)) throw forbidden(route.access);
    if (route.write) await limits.writes(caller.tenantId);
    const request = { ...base, caller, params: pathParams(route, ctx), query: queryOf(route, ctx) };
    const work = () =>
      tenancy.run(caller.tenantId, async () =>
        route.handle({ ...request, body: route.body && (await validBody(route, route.body, caller, ctx)) }),
      );
    try {
      return await (route.costly ? limits.costly(caller.tenantId, work) : work());
    } catch (error) {
      if (error instanceof BlockedTarget) refusals.note(blockedTargetEntry({ ...request, body: undefined }, error));
      throw error;
    }
  }

  async function callerOf(
    route: AuthenticatedRoute<ZodType, ZodType>,
    ctx: Context & { state: RequestState },
  ): Promise<Caller> {
    if (authenticateConsole?.isMeant(ctx.headers)) return authenticateConsole.caller(ctx.headers);
    const request = { requestId: ctx.state.requestId, address: ctx.ip, bareToken: route.bareToken ?? false };
    const { tenantId, clientId, scopes } = await authenticate(ctx.headers.authorization, request);
    return { tenantId, actor: `client:${clientId}`, scopes };
  }
}

/** Of no object: a registration that is refused makes none, and a change of one was not looked for yet. */
function blockedTargetEntry(request: ApiRequest<unknown, unknown>, { issue }: BlockedTarget): Refusal {
  return { ...auditEntry(request, 'webhook.blocked_address', [issue.path.join('.')]), objectId: '' };
}

function queryOf(route: { query?: ZodType }, ctx: Context): unknown {
  return ctx.querystring === '' && !route.query ? {} : validate(route.query ?? noQuery, ctx.query, 'query');
}

async function validBody(
  route: AuthenticatedRoute<ZodType, ZodType>,
  schema: ZodType,
  caller: Caller,
  ctx: Context,
): Promise<unknown> {
  const body = await jsonBody(route, ctx);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const { error } = result;
  const refusal = refusalOf(error, body, 'body');
  throw (await route.refuseBody?.(caller, { body, error, refusal })) ?? refusal;
}

async function jsonBody(route: { bodyLimit?: number; bodyOptional?: boolean }, ctx: Context): Promise<object> {
  const body = await readJsonBody(ctx.req, route.bodyLimit ?? bodyLimit);
  if (body) return body;
  if (route.bodyOptional) return {};
  throw new ApiError('malformed-request', 'The request needs a JSON body.');
}

function pathParams(route: Route, ctx: Context): Record<string, string> {
  const params = (ctx.params ?? {}) as Record<string, string>;
  if (!route.params) return params;
  const result = route.params.safeParse(params);
  if (!result.success) throw unfitPath(ctx);
  return result.data as Record<string, string>;
}

function hangUpOf({ res }: Context): AbortSignal {
  const hungUp = new AbortController();
  if (res.closed) hungUp.abort();
  else res.once('close', () => !res.writableFinished && hungUp.abort());
  return hungUp.signal;
}

function write(ctx: Context, { status, body, contentType = 'application/json', headers = {}, onSent }: Reply): void {
  const { res } = ctx;
  if (onSent && res.closed) onSent(false);
  else if (onSent) res.once('close', () => onSent(res.writableFinished));
  ctx.status = status;
  ctx.set(headers);
  if (body === undefined) {
    ctx.body = null;
    return;
  }
  ctx.set('Content-Type', contentType);
  ctx.body = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/** RFC 6750 section 3.1. */
function forbidden(scope: string): ApiError {
  return new ApiError('forbidden', `The token lacks the scope ${scope}.`, {
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}
