import type { ConnectionTestResult } from '../../domain/connection-test-run';
import { defaultMaxRetries } from '../../domain/retry-schedule';
import { newSigningSecret } from '../../domain/signing/standard-webhooks';
import type { Webhook } from '../../domain/webhook';
import type { ApiDependencies } from '../dependencies';
import { notFound } from '../errors/api-error';
import { auditEntry, route, type Route } from '../route';
import { emptyBody } from '../schemas/delivery';
import * as schemas from '../schemas/tyk';
import { canonicalEvents } from '../subscription';
import { acceptTargetUrl } from '../target-url';
import type { ApiContract } from './contract';
import { tykErrorFormat } from './tyk-errors';
import { tykHeaderRoutes } from './tyk-headers';
import { findTykWebhook, presentTykWebhook, replaceHeaders } from './tyk-record';

const contract = 'tyk';
/** What all its routes have: the token may stand alone, and content that is refused answers 422. */
const common = { tag: 'Tyk', bareToken: true, errors: [422] } as const;
const path = '/portal-api/webhooks';
const noHeaders = { headers: {}, settings: {} };

/** The Tyk portal's webhooks (contracts section 5.4): registration; the delivery is in domain/profiles. */
export const tykContract: ApiContract = {
  routes: (dependencies) => [...tykRoutes(dependencies), ...tykHeaderRoutes(dependencies)],
  errors: [{ prefix: '/portal-api', format: tykErrorFormat }],
};

function tykRoutes({ config, webhooks, connectionTests, audit }: ApiDependencies): Route[] {
  const spelling = config.TYK_EVENT_SPELLING;
  const acceptUrl = (raw: string) =>
    acceptTargetUrl(raw, { contract, allowedOrigins: config.EGRESS_ALLOW, at: ['URL'] });

  const find = findTykWebhook(webhooks);

  return [
    route({
      ...common,
      method: 'post',
      path,
      operationId: 'createTykWebhook',
      summary: 'Register a webhook',
      description: 'Its signing secret is shown in this answer only.',
      access: 'webhooks:write',
      write: true,
      body: schemas.tykNewWebhook,
      responses: { 201: { description: 'Registered', schema: schemas.tykCreatedWebhook } },
      async handle(request) {
        const { body, caller } = request;
        const signingSecret = newSigningSecret();
        const { headers, settings } = replaceHeaders(noHeaders, body.Headers, (index) => ['Headers', index]);
        const webhook = await webhooks.create(
          {
            tenantId: caller.tenantId,
            contract,
            numbered: true,
            targetUrl: acceptUrl(body.URL),
            events: body.Events,
            description: body.Name,
            disabled: false,
            auth: { type: 'noauth' },
            headers,
            timeoutMs: body.Timeout * 1000,
            maxRetries: defaultMaxRetries,
            settings: { ...settings, method: body.Method, spelling },
            signingSecret,
          },
          auditEntry(request, 'webhook.create', Object.keys(body)),
        );
        return {
          status: 201,
          headers: { Location: `${path}/${webhook.number}`, ...nativeId(webhook) },
          body: { ...presentTykWebhook(webhook), Secret: signingSecret.reveal() },
        };
      },
    }),

    route({
      ...common,
      method: 'get',
      path,
      operationId: 'listTykWebhooks',
      summary: 'List webhooks, by ID',
      description: 'The last page has fewer than asked for; `X-Total-Count` is how many there are.',
      access: 'webhooks:read',
      query: schemas.tykListQuery,
      responses: { 200: { description: 'A page', schema: schemas.tykWebhook.array() } },
      async handle({ caller, query: { page, per_page: perPage, limit = perPage } }) {
        const position = { offset: (page - 1) * perPage, limit };
        const { webhooks: found, total } = await webhooks.listNumbered(caller.tenantId, contract, position);
        return { status: 200, headers: { 'X-Total-Count': String(total) }, body: found.map(presentTykWebhook) };
      },
    }),

    route({
      ...common,
      method: 'get',
      path: `${path}/{webhook_id}`,
      operationId: 'getTykWebhook',
      summary: 'Read a webhook',
      access: 'webhooks:read',
      params: schemas.tykWebhookParams,
      responses: { 200: { description: 'The webhook', schema: schemas.tykWebhook } },
      async handle({ caller, params }) {
        const webhook = await find(caller.tenantId, params.webhook_id);
        return { status: 200, headers: nativeId(webhook), body: presentTykWebhook(webhook) };
      },
    }),

    route({
      ...common,
      method: 'put',
      path: `${path}/{webhook_id}`,
      operationId: 'replaceTykWebhook',
      summary: 'Replace a webhook',
      description: 'What is left out becomes what a new webhook has; only `Headers` stay as they are.',
      access: 'webhooks:write',
      write: true,
      params: schemas.tykWebhookParams,
      body: schemas.tykWebhookChanges,
      responses: { 200: { description: 'The webhook as it is now', schema: schemas.tykWebhook } },
      async handle(request) {
        const { body, caller, params } = request;
        const { id } = await find(caller.tenantId, params.webhook_id);
        const targetUrl = acceptUrl(body.URL);
        const webhook = await webhooks.update(
          caller.tenantId,
          id,
          (current) => {
            const replaced = body.Headers && replaceHeaders(current, body.Headers, (index) => ['Headers', index]);
            const shown = presentTykWebhook(current);
            return {
              ...replaced,
              targetUrl,
              description: body.Name,
              // What comes back as it was shown is not asked to change: a record tells less than the native API does.
              ...(!sameNames(body.Events, shown.Events) && { events: body.Events }),
              ...(body.Timeout !== shown.Timeout && { timeoutMs: body.Timeout * 1000 }),
              settings: { ...current.settings, ...replaced?.settings, method: body.Method, spelling },
            };
          },
          auditEntry(request, 'webhook.update', Object.keys(body)),
          contract,
        );
        if (!webhook) throw notFound();
        return { status: 200, headers: nativeId(webhook), body: presentTykWebhook(webhook) };
      },
    }),

    route({
      ...common,
      method: 'delete',
      path: `${path}/{webhook_id}`,
      operationId: 'deleteTykWebhook',
      summary: 'Remove a webhook',
      access: 'webhooks:write',
      write: true,
      params: schemas.tykWebhookParams,
      responses: { 200: { description: 'Removed', schema: schemas.tykStatus } },
      async handle(request) {
        const { caller, params } = request;
        const { id } = await find(caller.tenantId, params.webhook_id);
        const entry = auditEntry(request, 'webhook.delete');
        if (!(await webhooks.remove(caller.tenantId, id, entry, contract))) throw notFound();
        return { status: 200, body: { status: 'ok' } };
      },
    }),

    route({
      ...common,
      method: 'post',
      path: `${path}/{webhook_id}/test-connection`,
      operationId: 'testTykConnection',
      summary: 'Test the connection',
      description:
        'A worker sends a HEAD request without custom headers and tells what came of it, within 5 s or the ' +
        "webhook's own timeout. 503: no worker did so within 10 s.",
      access: 'webhooks:write',
      write: true,
      params: schemas.tykWebhookParams,
      body: emptyBody,
      bodyOptional: true,
      responses: { 200: { description: 'What came of it', schema: schemas.tykConnectionTest } },
      async handle(request) {
        const { tenantId } = request.caller;
        const { id } = await find(tenantId, request.params.webhook_id);
        await audit.append({ ...auditEntry(request, 'webhook.test_connection'), objectId: id });
        const result = await connectionTests.run({ tenantId, webhookId: id });
        if (!result) throw notFound();
        return { status: 200, body: { status: connectionStatus(result), ...result } };
      },
    }),
  ];
}

const sameNames = (some: readonly string[], others: readonly string[]) =>
  canonicalEvents(some).toSorted().join() === canonicalEvents(others).toSorted().join();

/** Where the webhook is in the native API, which knows it by another id. */
const nativeId = ({ id }: Webhook) => ({ 'Everhook-Webhook-Id': id });

function connectionStatus({ statusCode }: ConnectionTestResult): 'ok' | 'reachable' | 'unreachable' {
  if (statusCode === null) return 'unreachable';
  return statusCode >= 200 && statusCode < 300 ? 'ok' : 'reachable';
}
