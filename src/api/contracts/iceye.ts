import { profiles } from '../../domain/profiles';
import { defaultMaxRetries } from '../../domain/retry-schedule';
import { newSigningSecret } from '../../domain/signing/standard-webhooks';
import type { ShownAuth, Webhook } from '../../domain/webhook';
import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import { toWebhookAuth } from '../outbound-auth';
import { auditEntry, route, type ApiRequest, type Route } from '../route';
import { emptyBody } from '../schemas/delivery';
import * as schemas from '../schemas/iceye';
import { idParams } from '../schemas/id';
import { acceptTargetUrl } from '../target-url';
import type { ApiContract } from './contract';

const contract = 'iceye';
const tag = 'ICEYE';
const base = '/api/notifications/v1/webhooks';

/** ICEYE's notifications (contracts section 3). Its errors are RFC 9457 problems, as on Everhook's own paths. */
export const iceyeContract: ApiContract = { routes: iceyeRoutes, errors: [] };

const present = (webhook: Webhook): schemas.IceyeWebhook => ({
  id: webhook.id,
  createdAt: webhook.createdAt.toISOString(),
  updatedAt: webhook.updatedAt.toISOString(),
  targetURL: webhook.targetUrl,
  auth: presentAuth(webhook.auth),
  status: webhook.disabled ? 'deactivated' : 'active',
});

function presentAuth(auth: ShownAuth): schemas.IceyeWebhook['auth'] {
  if (auth.type !== 'client_credential') return auth;
  return { type: auth.type, clientID: auth.clientId, tokenURL: auth.tokenUrl };
}

function iceyeRoutes({ config, webhooks }: ApiDependencies): Route[] {
  const acceptUrl = (raw: string, at: string[]) =>
    acceptTargetUrl(raw, { contract, allowedOrigins: config.EGRESS_ALLOW, at });

  async function find(tenantId: string, id = ''): Promise<Webhook> {
    const webhook = await webhooks.find(tenantId, id, contract);
    if (!webhook) throw notFound();
    return webhook;
  }

  /** Doing it again changes nothing, `updatedAt` neither. */
  async function setDisabled(request: ApiRequest<unknown, unknown>, disabled: boolean): Promise<Webhook> {
    const { tenantId } = request.caller;
    const current = await find(tenantId, request.params.id);
    if (current.disabled === disabled) return current;
    const entry = auditEntry(request, 'webhook.update', ['disabled']);
    const webhook = await webhooks.update(tenantId, current.id, { disabled }, entry, contract);
    if (!webhook) throw notFound();
    return webhook;
  }

  return [
    route({
      method: 'post',
      path: base,
      tag,
      operationId: 'registerIceyeWebhook',
      summary: 'Register a webhook',
      description:
        'It gets every ICEYE event that is published for it (`webhookId`), or for none in particular. ' +
        'Deliveries are signed as Standard Webhooks too: a rotation under /api/v1/webhooks shows the secret.',
      access: 'webhooks:write',
      write: true,
      body: schemas.newIceyeWebhook,
      responses: { 200: { description: 'The registration record', schema: schemas.iceyeWebhook } },
      errors: [409],
      async handle(request) {
        const { body, caller } = request;
        const webhook = await webhooks.create(
          {
            tenantId: caller.tenantId,
            contract,
            targetUrl: acceptUrl(body.targetURL, ['targetURL']),
            events: ['*'],
            disabled: false,
            auth: toWebhookAuth(body.auth, acceptUrl),
            headers: {},
            timeoutMs: profiles.iceye.defaultTimeoutMs,
            maxRetries: defaultMaxRetries,
            signingSecret: newSigningSecret(),
          },
          auditEntry(request, 'webhook.create', Object.keys(body)),
        );
        return { status: 200, body: present(webhook) };
      },
    }),

    route({
      method: 'get',
      path: base,
      tag,
      operationId: 'listIceyeWebhooks',
      summary: 'List webhooks, newest first',
      access: 'webhooks:read',
      query: schemas.iceyeListQuery,
      responses: { 200: { description: 'A page', schema: schemas.iceyeWebhookPage } },
      async handle({ caller, query }) {
        const page = await webhooks.list(caller.tenantId, { ...query, contract });
        return { status: 200, body: { ...page, data: page.data.map(present) } };
      },
    }),

    route({
      method: 'get',
      path: `${base}/{id}`,
      tag,
      operationId: 'getIceyeWebhook',
      summary: 'Read a webhook',
      access: 'webhooks:read',
      params: idParams,
      responses: { 200: { description: 'The registration record', schema: schemas.iceyeWebhook } },
      handle: async ({ caller, params }) => ({ status: 200, body: present(await find(caller.tenantId, params.id)) }),
    }),

    route({
      method: 'delete',
      path: `${base}/{id}`,
      tag,
      operationId: 'deleteIceyeWebhook',
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

    route({
      method: 'post',
      path: `${base}/{id}/deactivate`,
      tag,
      operationId: 'deactivateIceyeWebhook',
      summary: 'Deactivate a webhook',
      description: 'Nothing more is sent to it: pending deliveries end as cancelled. Doing it again changes nothing.',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      body: emptyBody,
      bodyOptional: true,
      responses: { 200: { description: 'The record as it is now', schema: schemas.iceyeWebhook } },
      handle: async (request) => ({ status: 200, body: present(await setDisabled(request, true)) }),
    }),

    route({
      method: 'post',
      path: `${base}/{id}/activate`,
      tag,
      operationId: 'activateIceyeWebhook',
      summary: 'Activate a webhook again',
      description: 'Events published while it was deactivated are not sent to it. Doing it again changes nothing.',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      body: emptyBody,
      bodyOptional: true,
      responses: { 200: { description: 'The record as it is now', schema: schemas.iceyeWebhook } },
      handle: async (request) => ({ status: 200, body: present(await setDisabled(request, false)) }),
    }),
  ];
}
