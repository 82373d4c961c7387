import type { IncomingHttpHeaders } from 'node:http';
import type { Context, Middleware, Next } from 'koa';
import { Secret } from '../../domain/secret';
import type { Logger } from '../../platform/logging';
import { hashClientSecret, sameDigest } from '../../platform/tokens';
import { notFound, ApiError } from '../errors/api-error';
import { codecSession } from './codec-session';
import type { RateLimits } from './rate-limits';

/** What an operator's request may show: a bearer, the cookie of a sign-in, or the token in the path. */
export interface OperatorRequest {
  headers: IncomingHttpHeaders;
  /** Of the path; undefined where the path has none. */
  token?: string;
  requestId: string;
  address: string;
}

/** @throws ApiError 401 (404 for a path with a wrong token), 429 after too many wrong ones */
export type AuthenticateOperator = (request: OperatorRequest) => Promise<void>;

/**
 * Whoever has `CODEC_TOKEN`. It is long and random, so that guessing is only slowed down: who has it is never kept out by
 * the guesses of others behind the same proxy.
 */
export function createAuthenticateOperator(options: {
  /** Absent: nobody. */
  token: Secret | undefined;
  limits: Pick<RateLimits, 'authFailures'>;
  log: Logger;
  now?: () => number;
}): AuthenticateOperator {
  const { token, log, now = Date.now } = options;
  const { authFailures } = options.limits;
  const expected = token && hashClientSecret(token);
  const session = token && codecSession(token);
  const isRight = (given: string) =>
    expected !== undefined && sameDigest(hashClientSecret(new Secret(given)), expected);

  return async ({ headers, token: inPath, requestId, address }) => {
    const bearer = /^Bearer +([\w-]+)$/i.exec(headers.authorization ?? '')?.[1];
    const given = inPath ?? bearer;
    if (given !== undefined && isRight(given)) return;
    if (given === undefined && session?.isOpen(headers.cookie, now())) return;
    if (given !== undefined) {
      const failureKey = `codec|${address}`;
      await authFailures.check(failureKey);
      await authFailures.count(failureKey);
      log.warn({ requestId, address }, 'authentication at the codec endpoint failed');
    }
    if (inPath !== undefined) throw notFound();
    throw new ApiError('unauthorized', 'CODEC_TOKEN is needed, as a bearer or by a sign-in at /codec.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  };
}

const codecPath = /^\/codec(\/|$)/;

/**
 * CORS of the codec endpoint, for pages of the Web UI only. Its requests always ask beforehand, for their JSON and their
 * `X-Namespace`.
 */
export function allowWebUi(webUiUrl: string): Middleware {
  const { origin } = new URL(webUiUrl);
  return async (ctx: Context, next: Next) => {
    if (!codecPath.test(ctx.path)) return next();
    ctx.vary('Origin');
    if (ctx.get('Origin') !== origin) return next();
    ctx.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' });
    if (ctx.method !== 'OPTIONS' || !ctx.get('Access-Control-Request-Method')) return next();
    ctx.set({
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': 'Content-Type, X-Namespace, Authorization, Authorization-Extras',
      'Access-Control-Max-Age': '600',
    });
    ctx.status = 204;
  };
}
