import { z } from 'zod';
import { Secret } from '../../domain/secret';
import { createAuthenticateClient, type ClientCredentials } from '../client-authentication';
import type { ApiDependencies } from '../dependencies';
import { ApiError, malformed, type ProblemSlug } from '../errors/api-error';
import type { ErrorFormat } from '../errors/format';
import type { RateLimits } from '../middleware/rate-limits';
import { publicRoute, type PublicRequest, type Route } from '../route';

const tokenForm = z.object({
  grant_type: z.literal('client_credentials'),
  client_id: z.string().optional().meta({ description: 'Unless sent with HTTP Basic.' }),
  client_secret: z.string().optional().meta({ writeOnly: true, format: 'password' }),
  scope: z.string().optional().meta({ description: 'Space-separated; narrows the token to these.' }),
});

const tokenResponse = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  scope: z.string(),
});

/** RFC 6749 section 5.2. Statuses that it has no word for are told by the nearest one. */
const oauthErrorCodes: Partial<Record<ProblemSlug, string>> = {
  unauthorized: 'invalid_client',
  'too-many-requests': 'temporarily_unavailable',
  unavailable: 'temporarily_unavailable',
  'internal-error': 'server_error',
};

/** An error of the token endpoint with the code of RFC 6749. */
class TokenError extends ApiError {
  constructor(
    readonly code: 'unsupported_grant_type' | 'invalid_scope',
    detail: string,
  ) {
    super('malformed-request', detail);
  }
}

export const tokenErrorFormat: ErrorFormat = {
  contentType: 'application/json',
  schema: z.strictObject({ error: z.string(), error_description: z.string() }).meta({ id: 'OAuthError' }),
  body: (error) => ({
    error: error instanceof TokenError ? error.code : (oauthErrorCodes[error.slug] ?? 'invalid_request'),
    error_description: error.detail,
  }),
};

export function tokenRoutes(dependencies: ApiDependencies, limits: RateLimits): Route[] {
  const { tokens } = dependencies;
  const authenticate = createAuthenticateClient(dependencies, limits);

  return [
    publicRoute({
      method: 'post',
      path: '/oauth2/token',
      tag: 'Tokens',
      operationId: 'issueToken',
      summary: 'Get an access token for client credentials',
      description: 'RFC 6749 section 4.4; the client authenticates with HTTP Basic or in the body.',
      form: tokenForm,
      responses: { 200: { description: 'A token', schema: tokenResponse } },
      errors: [401],
      async handle(request) {
        const form = request.body;
        const grantType = form.get('grant_type');
        if (grantType === null) throw malformed('grant_type is missing.');
        const client = await authenticate(credentialsOf(request), request);
        if (grantType !== 'client_credentials') {
          throw new TokenError('unsupported_grant_type', 'The grant type must be client_credentials.');
        }
        const scopes = narrow(client.scopes, form.get('scope'));
        const { accessToken, expiresIn } = await tokens.issue({
          tenantId: client.tenantId,
          clientId: client.id,
          scopes,
        });
        return {
          status: 200,
          headers: { Pragma: 'no-cache' },
          body: { access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn, scope: scopes.join(' ') },
        };
      },
    }),
  ];
}

/**
 * From the Authorization header or the body, never both (RFC 6749 section 2.3); a header that is none is an unknown
 * client's.
 * @throws ApiError 400
 */
function credentialsOf({ headers, body: form }: PublicRequest): ClientCredentials {
  const [id, secret] = [form.get('client_id'), form.get('client_secret')];
  if (headers.authorization === undefined) return { id: id ?? '', secret: new Secret(secret ?? '') };
  if (secret !== null) throw malformed('The client authenticates twice: with a header and in the body.');
  const basic = parseBasic(headers.authorization);
  if (!basic) return { id: '', secret: new Secret('') };
  if (id !== null && id !== basic.id) throw malformed('client_id is not that of the Authorization header.');
  return basic;
}

/** Strict RFC 7617; null for anything else. Both parts are form-encoded inside (RFC 6749 section 2.3.1). */
function parseBasic(authorization: string): ClientCredentials | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || Buffer.from(text).toString('base64') !== encoded) return null;
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    return { id: decode(text.slice(0, colon)), secret: new Secret(decode(text.slice(colon + 1))) };
  } catch {
    return null;
  }
}

function narrow(held: readonly string[], asked: string | null): string[] {
  if (asked === null) return [...held];
  const scopes = [...new Set(asked.split(' ').filter((scope) => scope !== ''))];
  if (scopes.length === 0 || !scopes.every((scope) => held.includes(scope))) {
    throw new TokenError('invalid_scope', 'The client does not have every scope that was asked for.');
  }
  return scopes;
}
