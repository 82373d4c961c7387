import { consentTypes, type ConsentType } from '../../domain/consent/consent';
import { profiles } from '../../domain/profiles';
import { defaultMaxRetries } from '../../domain/retry-schedule';
import { Secret } from '../../domain/secret';
import { newSigningSecret } from '../../domain/signing/standard-webhooks';
import type { Webhook } from '../../domain/webhook';
import { createAuthenticateClient } from '../client-authentication';
import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import type { RateLimits } from '../middleware/rate-limits';
import { toWebhookAuth } from '../outbound-auth';
import { auditEntry, publicJsonRoute, route, type Route } from '../route';
import * as schemas from '../schemas/celcoin';
import { idParams } from '../schemas/id';
import { acceptTargetUrl } from '../target-url';
import { celcoinErrorFormat, celcoinTokenErrorFormat } from './celcoin-errors';
import type { ApiContract } from './contract';

const contract = 'celcoin';
const tag = 'Celcoin';
const tokenPath = '/api/portal/onboard/v1/token';
const base = '/api/smart-keys/interceptors';

/** Celcoin's token endpoint and interceptors (contracts 2.1, 2.2); the delivery is in domain/profiles. */
export const celcoinContract: ApiContract = {
  routes: (dependencies, limits) => [celcoinTokenRoute(dependencies, limits), ...interceptorRoutes(dependencies)],
  errors: [
    { prefix: tokenPath, format: celcoinTokenErrorFormat },
    { prefix: base, format: celcoinErrorFormat },
  ],
};

function celcoinTokenRoute(dependencies: ApiDependencies, limits: RateLimits): Route {
  const authenticate = createAuthenticateClient(dependencies, limits);
  return publicJsonRoute({
    method: 'post',
    path: tokenPath,
    tag,
    operationId: 'issueCelcoinToken',
    summary: 'Get an access token for client credentials',
    description: 'The token of /oauth2/token in the shape of this contract: either works on every path.',
    json: schemas.celcoinTokenRequest,
    responses: { 200: { description: 'A token', schema: schemas.celcoinToken } },
    errors: [401],
    async handle(request) {
      const { client_id: id, client_secret: secret } = request.body;
      const client = await authenticate({ id, secret: new Secret(secret) }, request);
      const { tenantId, scopes } = client;
      const { accessToken, expiresIn } = await dependencies.tokens.issue({ tenantId, clientId: client.id, scopes });
      return {
        status: 200,
        headers: { Pragma: 'no-cache' },
        body: {
          access_token: accessToken,
          expires_in: expiresIn,
          refresh_expires_in: 0,
          token_type: 'Bearer',
          'not-before-policy': 0,
          scope: 'email profile',
        },
      };
    },
  });
}

function interceptorRoutes({ config, webhooks }: ApiDependencies): Route[] {
  const acceptUrl = (raw: string, at: string[]) =>
    acceptTargetUrl(raw, { contract, allowedOrigins: config.EGRESS_ALLOW, at });

  return [
    route({
      method: 'post',
      path: base,
      tag,
      operationId: 'registerCelcoinInterceptor',
      summary: 'Register an interceptor',
      description:
        'It gets the events of all consents of its `type`. Deliveries are signed as Standard Webhooks too: a rotation ' +
        'under /api/v1/webhooks shows the secret. A token without the scope is answered 401, not 403.',
      access: 'webhooks:write',
      write: true,
      body: schemas.celcoinRegistration,
      responses: { 201: { description: 'Registered', schema: schemas.celcoinInterceptor } },
      errors: [409],
      async handle(request) {
        const { body, caller } = request;
        const webhook = await webhooks.create(
          {
            tenantId: caller.tenantId,
            contract,
            targetUrl: acceptUrl(body.endpoint, ['endpoint']),
            events: ['*'],
            disabled: false,
            auth: toWebhookAuth(body.isAuthenticated ? schemas.basicAuthOf(body) : null, acceptUrl),
            headers: {},
            timeoutMs: profiles.celcoin.defaultTimeoutMs,
            maxRetries: defaultMaxRetries,
            settings: { type: body.type },
            signingSecret: newSigningSecret(),
          },
          auditEntry(request, 'webhook.create', Object.keys(body)),
        );
        return { status: 201, body: present(webhook) };
      },
    }),

    route({
      method: 'get',
      path: base,
      tag,
      operationId: 'listCelcoinInterceptors',
      summary: 'List interceptors, newest first',
      access: 'webhooks:read',
      query: schemas.celcoinListQuery,
      responses: { 200: { description: 'A page', schema: schemas.celcoinInterceptorPage } },
      async handle({ caller, query }) {
        const page = await webhooks.list(caller.tenantId, { ...query, contract });
        return { status: 200, body: { ...page, data: page.data.map(present) } };
      },
    }),

    route({
      method: 'delete',
      path: `${base}/{id}`,
      tag,
      operationId: 'deleteCelcoinInterceptor',
      summary: 'Remove an interceptor',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      responses: { 204: { description: 'Removed' } },
      async handle(request) {
        const { caller, params } = request;
        const entry = auditEntry(request, 'webhook.delete');
        if (!(await webhooks.remove(caller.tenantId, params.id ?? '', entry, contract))) throw notFound();
        return { status: 204 };
      },
    }),
  ];
}

function present({ id, targetUrl, auth, settings, createdAt }: Webhook): schemas.CelcoinInterceptor {
  return {
    id,
    endpoint: targetUrl,
    isAuthenticated: auth.type === 'basic',
    authenticationType: auth.type === 'basic' ? 'BASIC' : '',
    user: auth.type === 'basic' ? auth.username : '',
    type: typeOf(settings),
    createdAt: createdAt.toISOString(),
  };
}

function typeOf({ type }: Webhook['settings']): ConsentType {
  const known = consentTypes.find((one) => one === type);
  if (!known) throw new TypeError('an interceptor without a type');
  return known;
}
