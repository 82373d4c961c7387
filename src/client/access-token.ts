import { bareFacts, EverhookError } from './error';
import type { Authorization, Send } from './send';

/** How a client says who it is. A function is asked for a token whenever there is none, or the last one was refused. */
export type Credentials =
  { clientId: string; clientSecret: string; scope?: string } | { token: string | (() => string | Promise<string>) };

export interface AccessToken extends Authorization {
  /** The token in use; fetched when there is none. */
  current(): Promise<string>;
}

interface Held {
  token: string;
  /** Of `performance.now()`; from then on another one is fetched. */
  until: number;
}

const operation = 'POST /oauth2/token';
/** Before a token's end: the request still has to arrive. */
const earlyMs = 30_000;
const tokenPattern = /^[\x21-\x7e]+$/;

/** One token for all calls: fetched once however many wait for it, kept until shortly before its end. */
export function createAccessToken(credentials: Credentials, send: Send): AccessToken {
  let pending: Promise<string> | undefined;
  let held: Held | undefined;

  function fetchToken(): Promise<string> {
    held = undefined;
    const mine = ('token' in credentials ? givenToken(credentials.token) : grantedToken(credentials, send))
      .then((fetched) => (held = fetched).token)
      .finally(() => (pending = undefined));
    return mine;
  }

  const current = (): Promise<string> => {
    if (held && performance.now() < held.until) return Promise.resolve(held.token);
    return (pending ??= fetchToken());
  };

  return {
    current,
    header: async (scope) => headerOf(await scope.wait(current())),
    renew(header) {
      if ('token' in credentials && typeof credentials.token === 'string') return false;
      // Several calls learn of the same token's end: the first drops it, the others take what comes instead.
      if (held && header === headerOf(held.token)) held = undefined;
      return true;
    },
  };
}

const headerOf = (token: string) => `Bearer ${token}`;

async function givenToken(token: string | (() => string | Promise<string>)): Promise<Held> {
  const value = typeof token === 'string' ? token : await token();
  // fetch would repeat it in its error.
  if (!tokenPattern.test(value)) throw new TypeError('the token is not one: visible ASCII characters');
  return { token: value, until: Infinity };
}

async function grantedToken(
  { clientId, clientSecret, scope }: Extract<Credentials, { clientId: string }>,
  send: Send,
): Promise<Held> {
  const askedAt = performance.now();
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) });
  // RFC 6749 2.3.1: form-encoded inside of HTTP Basic.
  const basic = btoa([clientId, clientSecret].map(encodeURIComponent).join(':'));
  const { status, text, attempts } = await send(
    {
      method: 'POST',
      path: '/oauth2/token',
      operation,
      headers: {
        accept: 'application/json',
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: body.toString(),
      isRepeatable: true,
    },
    {},
    null,
  );
  const { token, lifetimeMs } = tokenIn(text);
  if (token === null) throw noToken(status, attempts);
  // A short-lived one is used for half of its life at least.
  return { token, until: askedAt + Math.max(lifetimeMs - earlyMs, lifetimeMs / 2) };
}

function tokenIn(text: string): { token: string | null; lifetimeMs: number } {
  try {
    const answer = JSON.parse(text) as { access_token?: unknown; expires_in?: unknown } | null;
    const { access_token: token, expires_in: seconds } = answer ?? {};
    return {
      token: typeof token === 'string' && tokenPattern.test(token) ? token : null,
      lifetimeMs: typeof seconds === 'number' ? seconds * 1000 : Infinity,
    };
  } catch {
    return { token: null, lifetimeMs: 0 };
  }
}

function noToken(status: number, attempts: number): EverhookError {
  const message = `${operation} answered without an access_token`;
  return new EverhookError(bareFacts({ code: 'unexpected-answer', message, operation }, status), attempts);
}
