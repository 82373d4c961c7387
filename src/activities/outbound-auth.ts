import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Secret } from '../domain/secret';
import type { ShownAuth } from '../domain/webhook';
import type { Egress, EgressResult } from '../platform/egress/egress';
import type { BlockedAddresses } from './blocked-addresses';

/** An exchange, or why there was no token for it. */
export type AttemptResult =
  EgressResult | { kind: 'error'; errorClass: 'auth_error'; detail: string; statusCode: null; durationMs: number };

export interface AuthenticatedExchange {
  tenantId: string;
  webhookId: string;
  auth: ShownAuth;
  /** Its id tells versions apart: a token got with an old secret is not used with a new one. */
  secret: { id: string; value: Secret } | null;
  /** Sends with this Authorization; null: without one. */
  send(authorization: string | null): Promise<EgressResult>;
}

/** Puts a webhook's authentication on its requests. */
export interface OutboundAuth {
  /** Sends once; a 401 for a token is answered with one fresh token and one more send. */
  send(exchange: AuthenticatedExchange): Promise<AttemptResult>;
}

/** The whole token request, DNS to end of body (contracts section 3). */
const tokenDeadlineMs = 3_000;
/** A token is dropped this long before it expires. */
const expirySkewMs = 30_000;
const longestLifetimeMs = 24 * 60 * 60_000;

const tokenAnswer = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .optional(),
  // Only for the cache: a token whose lifetime makes no sense is used once.
  expires_in: z.coerce.number().catch(0),
});

type Token = { kind: 'token'; accessToken: string } | { kind: 'failed'; detail: string };

type TokenWebhook = Pick<AuthenticatedExchange, 'tenantId' | 'webhookId'> & {
  auth: Extract<ShownAuth, { type: 'client_credential' }>;
  secret: Secret;
};

export function createOutboundAuth(dependencies: {
  egress: Egress;
  blockedAddresses: BlockedAddresses;
  shutdown: AbortSignal;
}): OutboundAuth {
  const { egress, blockedAddresses, shutdown } = dependencies;
  const tokens = new LRUCache<string, { accessToken: string }>({ max: 10_000 });
  // One request for many deliveries that need a token at once.
  const underway = new Map<string, Promise<Token>>();

  async function requestToken(key: string, { auth, secret, ...webhook }: TokenWebhook) {
    const result = await egress.send({
      tenantId: webhook.tenantId,
      url: auth.tokenUrl,
      method: 'POST',
      headers: {
        authorization: basic(formEncoded(auth.clientId), formEncoded(secret.reveal())),
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        'user-agent': 'Everhook/1',
      },
      body: Buffer.from('grant_type=client_credentials'),
      deadlineMs: tokenDeadlineMs,
      signal: shutdown,
    });
    if (result.kind === 'error') {
      if (result.errorClass === 'blocked_address') blockedAddresses.note(webhook, 'tokenUrl');
      return failed(`token request: ${result.errorClass}`);
    }
    if (result.statusCode !== 200) return failed(`token request: status ${result.statusCode}`);
    const answer = tokenAnswer.safeParse(parseJson(result.body));
    if (!answer.success) return failed('token request: the answer is not a bearer token');
    const { access_token: accessToken, expires_in: expiresIn } = answer.data;
    const ttl = Math.min(Math.floor(expiresIn * 1000), longestLifetimeMs) - expirySkewMs;
    if (ttl > 0) tokens.set(key, { accessToken }, { ttl });
    return { kind: 'token', accessToken } as const;
  }

  function freshToken(key: string, webhook: TokenWebhook) {
    const running = underway.get(key);
    if (running) return running;
    const token: Promise<Token> = requestToken(key, webhook).finally(() => underway.delete(key));
    underway.set(key, token);
    return token;
  }

  return {
    async send({ tenantId, webhookId, auth, secret, send }) {
      if (auth.type === 'noauth') return send(null);
      if (secret === null) return authError('the webhook has no stored secret', 0);
      if (auth.type === 'basic') return send(basic(auth.username, secret.value.reveal()));

      const began = Date.now();
      const key = `${tenantId}|${webhookId}|${secret.id}`;
      const webhook = { tenantId, webhookId, auth, secret: secret.value };
      const cached = tokens.get(key);
      const token: Token = cached ? { kind: 'token', ...cached } : await freshToken(key, webhook);
      if (token.kind === 'failed') return authError(token.detail, Date.now() - began);
      const result = await send(`Bearer ${token.accessToken}`);
      if (result.kind !== 'response' || result.statusCode !== 401) return result;

      // Of many deliveries that are told so, one renews: the others find its token.
      const newer = tokens.get(key);
      if (newer?.accessToken === token.accessToken) tokens.delete(key);
      const renewed: Token =
        newer && newer.accessToken !== token.accessToken ? { kind: 'token', ...newer } : await freshToken(key, webhook);
      if (renewed.kind === 'failed') return authError(renewed.detail, Date.now() - began);
      return send(`Bearer ${renewed.accessToken}`);
    },
  };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/** RFC 6749 section 2.3.1 encodes both before they are joined, so that a colon in either is safe. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function failed(detail: string): Token {
  return { kind: 'failed', detail };
}

function authError(detail: string, durationMs: number): AttemptResult {
  return { kind: 'error', errorClass: 'auth_error', detail, statusCode: null, durationMs };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
