import { redactedHeaderValue, isSecretHeader } from '../../domain/custom-headers';
import { profiles } from '../../domain/profiles';
import { newSigningSecret } from '../../domain/signing/standard-webhooks';
import type { Webhook, WebhookAuth } from '../../domain/webhook';
import type { z } from 'zod';
import type { ApiDependencies } from '../dependencies';
import { invalid, notFound, type Issue } from '../errors/api-error';
import { toWebhookAuth } from '../outbound-auth';
import { presentWebhook } from '../presenters/webhook';
import type { Database } from '../../store/database';
import { auditEntry, route, type Route } from '../route';
import { idParams } from '../schemas/id';
import * as schemas from '../schemas/webhook';
import { canonicalEvents, subscriptionIssues } from '../subscription';
import { acceptTargetUrl } from '../target-url';

const tag = 'Webhooks';

export function webhookRoutes({ config, webhooks, eventTypes }: ApiDependencies): Route[] {
  const acceptUrl = (raw: string, at: string[]) =>
    acceptTargetUrl(raw, { contract: 'everhook', allowedOrigins: config.EGRESS_ALLOW, at });

  async function find(tenantId: string, id = ''): Promise<Webhook> {
    const webhook = await webhooks.find(tenantId, id);
    if (!webhook) throw notFound();
    return webhook;
  }

  return [
    route({
      method: 'post',
      path: '/api/v1/webhooks',
      tag,
      operationId: 'createWebhook',
      summary: "Register a webhook of Everhook's own contract",
      description: 'Deliveries follow Standard Webhooks. The signing secret is shown in this answer only.',
      access: 'webhooks:write',
      write: true,
      body: schemas.newWebhook,
      responses: { 201: { description: 'Registered', schema: schemas.createdWebhook } },
      errors: [409],
      async handle(request) {
        const { body, caller } = request;
        const targetUrl = acceptUrl(body.targetUrl, ['targetUrl']);
        const auth = toWebhookAuth(body.auth, acceptUrl);
        checkHeaders(body.headers, { heldNames: [], authType: auth.type });
        const signingSecret = newSigningSecret();
        const webhook = await webhooks.create(
          {
            tenantId: caller.tenantId,
            contract: 'everhook',
            targetUrl,
            events: canonicalEvents(body.events),
            channels: body.channels,
            description: body.description ?? null,
            disabled: body.disabled,
            auth,
            headers: body.headers,
            timeoutMs: body.timeoutMs,
            maxRetries: body.maxRetries,
            signingSecret,
          },
          auditEntry(request, 'webhook.create', Object.keys(body)),
          async (within) => {
            const asked = { tenantId: caller.tenantId, contract: 'everhook' } as const;
            const issues = await subscriptionIssues(asked, body.events, eventTypes, within);
            if (issues.length > 0) throw invalid(issues);
          },
        );
        return {
          status: 201,
          headers: { Location: `/api/v1/webhooks/${webhook.id}` },
          body: { ...presentWebhook(webhook), secret: signingSecret.reveal() },
        };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/webhooks',
      tag,
      operationId: 'listWebhooks',
      summary: 'List webhooks of every contract, newest first',
      access: 'webhooks:read',
      query: schemas.webhookListQuery,
      responses: { 200: { description: 'A page', schema: schemas.webhookPage } },
      async handle({ caller, query }) {
        const page = await webhooks.list(caller.tenantId, query);
        return { status: 200, body: { ...page, data: page.data.map(presentWebhook) } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/webhooks/{id}',
      tag,
      operationId: 'getWebhook',
      summary: 'Read a webhook of any contract',
      access: 'webhooks:read',
      params: idParams,
      responses: { 200: { description: 'The webhook', schema: schemas.shownWebhook } },
      handle: async ({ caller, params }) => ({
        status: 200,
        body: presentWebhook(await find(caller.tenantId, params.id)),
      }),
    }),

    route({
      method: 'patch',
      path: '/api/v1/webhooks/{id}',
      tag,
      operationId: 'changeWebhook',
      summary: 'Change a webhook of any contract',
      description: 'The next attempt of every delivery sees the change. `headers` replaces them all.',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      body: schemas.webhookChanges,
      responses: { 200: { description: 'The webhook as it is now', schema: schemas.shownWebhook } },
      async handle(request) {
        const { body, caller, params } = request;
        const entry = auditEntry(request, 'webhook.update', Object.keys(body));
        const change = async (current: Webhook, within: Database) => {
          const events = body.events ?? [];
          checkChanges(body, current, await subscriptionIssues(current, events, eventTypes, within));
          return { ...body, ...(body.events && { events: canonicalEvents(events) }) };
        };
        const webhook = await webhooks.update(caller.tenantId, params.id ?? '', change, entry);
        if (!webhook) throw notFound();
        return { status: 200, body: presentWebhook(webhook) };
      },
    }),

    route({
      method: 'delete',
      path: '/api/v1/webhooks/{id}',
      tag,
      operationId: 'deleteWebhook',
      summary: 'Remove a webhook of any contract',
      description: 'Its secrets are destroyed; its pending deliveries end as cancelled.',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      responses: { 204: { description: 'Removed' } },
      async handle(request) {
        const entry = auditEntry(request, 'webhook.delete');
        const removed = await webhooks.remove(request.caller.tenantId, request.params.id ?? '', entry);
        if (!removed) throw notFound();
        return { status: 204 };
      },
    }),
  ];
}

/** What of a change only the webhook's own contract can judge; `issues` are those found already. @throws ApiError 400 */
function checkChanges(changes: z.infer<typeof schemas.webhookChanges>, current: Webhook, issues: Issue[]): void {
  const { maxTimeoutMs, maxRetriesLimit } = profiles[current.contract];
  if (changes.timeoutMs !== undefined && changes.timeoutMs > maxTimeoutMs) {
    issues.push({ path: ['timeoutMs'], message: `must be at most ${maxTimeoutMs}` });
  }
  if (changes.maxRetries !== undefined && changes.maxRetries > maxRetriesLimit) {
    issues.push({ path: ['maxRetries'], message: `must be at most ${maxRetriesLimit}` });
  }
  if (issues.length > 0) throw invalid(issues);
  if (changes.headers) {
    checkHeaders(changes.headers, { heldNames: Object.keys(current.headers), authType: current.auth.type });
  }
}

/** @param heldNames headers the webhook has now: only their values can be kept with `[redacted]`. @throws ApiError 400 */
function checkHeaders(
  headers: Record<string, string>,
  { heldNames, authType }: { heldNames: string[]; authType: WebhookAuth['type'] },
): void {
  const held = new Set(heldNames.map((name) => name.toLowerCase()));
  const issues = Object.entries(headers).flatMap(([name, value]): Issue[] => {
    const lower = name.toLowerCase();
    if (lower === 'authorization' && authType !== 'noauth') {
      return [{ path: ['headers', name], message: 'is set by auth' }];
    }
    const keepsNothing = isSecretHeader(name) && value === redactedHeaderValue && !held.has(lower);
    return keepsNothing ? [{ path: ['headers', name], message: 'has no value that could be kept' }] : [];
  });
  if (issues.length > 0) throw invalid(issues);
}
