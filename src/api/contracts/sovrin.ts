import { profiles } from '../../domain/profiles';
import { defaultMaxRetries } from '../../domain/retry-schedule';
import { newSigningSecret } from '../../domain/signing/standard-webhooks';
import type { Webhook } from '../../domain/webhook';
import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import { auditEntry, publicRoute, route, type Route } from '../route';
import { idParams } from '../schemas/id';
import * as schemas from '../schemas/sovrin';
import { acceptTargetUrl } from '../target-url';
import type { ApiContract } from './contract';
import { sovrinErrorFormat } from './sovrin-errors';

const contract = 'sovrin';
const tag = 'Sovrin';

/** Sovrin's webhooks (contracts section 4): registration; the delivery is in domain/profiles. */
export const sovrinContract: ApiContract = {
  routes: sovrinRoutes,
  errors: [{ prefix: '/v1/webhooks', format: sovrinErrorFormat }],
};

const present = ({ id, events, targetUrl, disabled }: Webhook) => ({ id, events, url: targetUrl, disabled });

function sovrinRoutes({ config, webhooks, messageSigningKeys }: ApiDependencies): Route[] {
  const acceptUrl = (raw: string) =>
    acceptTargetUrl(raw, { contract, allowedOrigins: config.EGRESS_ALLOW, at: ['url'] });

  return [
    route({
      method: 'post',
      path: '/v1/webhooks',
      tag,
      operationId: 'createSovrinWebhook',
      summary: 'Register a webhook',
      access: 'webhooks:write',
      write: true,
      body: schemas.sovrinWebhookBody,
      responses: { 201: { description: 'Registered', schema: schemas.sovrinWebhook } },
      errors: [409],
      async handle(request) {
        const { body, caller } = request;
        const webhook = await webhooks.create(
          {
            tenantId: caller.tenantId,
            contract,
            targetUrl: acceptUrl(body.url),
            events: body.events,
            disabled: body.disabled,
            auth: { type: 'noauth' },
            headers: {},
            timeoutMs: profiles.sovrin.defaultTimeoutMs,
            maxRetries: defaultMaxRetries,
            signingSecret: newSigningSecret(),
          },
          auditEntry(request, 'webhook.create', Object.keys(body)),
        );
        return { status: 201, headers: { Location: `/v1/webhooks/${webhook.id}` }, body: present(webhook) };
      },
    }),

    route({
      method: 'get',
      path: '/v1/webhooks',
      tag,
      operationId: 'listSovrinWebhooks',
      summary: 'List webhooks',
      access: 'webhooks:read',
      query: schemas.sovrinListQuery,
      responses: { 200: { description: 'A page', schema: schemas.sovrinWebhookPage } },
      async handle({ caller, query }) {
        const { data, nextCursor } = await webhooks.list(caller.tenantId, { ...query, contract });
        return { status: 200, body: { data: data.map(present), ...(nextCursor !== null && { nextCursor }) } };
      },
    }),

    publicRoute({
      method: 'get',
      path: '/v1/webhooks/jwks',
      tag,
      operationId: 'getSovrinJwks',
      summary: 'Public keys of the HTTP Message Signatures',
      responses: { 200: { description: 'Every key that may have signed', schema: schemas.jwks } },
      async handle() {
        return {
          status: 200,
          // A new key is published an hour before it signs; a copy must not be older than that.
          headers: { 'Cache-Control': 'public, max-age=300' },
          body: { keys: await messageSigningKeys.publishedJwks(new Date()) },
        };
      },
    }),

    route({
      method: 'get',
      path: '/v1/webhooks/{id}',
      tag,
      operationId: 'getSovrinWebhook',
      summary: 'Read a webhook',
      access: 'webhooks:read',
      params: idParams,
      responses: { 200: { description: 'The webhook', schema: schemas.sovrinWebhook } },
      async handle({ caller, params }) {
        const webhook = await webhooks.find(caller.tenantId, params.id ?? '', contract);
        if (!webhook) throw notFound();
        return { status: 200, body: present(webhook) };
      },
    }),

    route({
      method: 'put',
      path: '/v1/webhooks/{id}',
      tag,
      operationId: 'replaceSovrinWebhook',
      summary: 'Replace a webhook',
      description: 'A full replacement: **without `disabled` the webhook is enabled again.**',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      body: schemas.sovrinWebhookBody,
      responses: { 200: { description: 'The webhook as it is now', schema: schemas.sovrinWebhook } },
      async handle(request) {
        const { body, caller, params } = request;
        const webhook = await webhooks.update(
          caller.tenantId,
          params.id ?? '',
          { targetUrl: acceptUrl(body.url), events: body.events, disabled: body.disabled },
          auditEntry(request, 'webhook.update', Object.keys(body)),
          contract,
        );
        if (!webhook) throw notFound();
        return { status: 200, body: present(webhook) };
      },
    }),

    route({
      method: 'delete',
      path: '/v1/webhooks/{id}',
      tag,
      operationId: 'deleteSovrinWebhook',
      summary: 'Remove a webhook',
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
