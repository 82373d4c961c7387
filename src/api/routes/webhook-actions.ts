import { newId } from '../../domain/ids';
import { profiles } from '../../domain/profiles';
import { retrySchedule } from '../../domain/retry-schedule';
import { newSigningSecret } from '../../domain/signing/standard-webhooks';
import type { Webhook } from '../../domain/webhook';
import type { ApiDependencies } from '../dependencies';
import type { NewAuditEntry } from '../../store/audit';
import { conflict, notFound } from '../errors/api-error';
import { presentDelivery } from '../presenters/delivery';
import { auditEntry, route, type Route } from '../route';
import { emptyBody, shownDelivery } from '../schemas/delivery';
import { idParams } from '../schemas/id';
import * as schemas from '../schemas/webhook';
import { firstTypeOf } from '../subscription';

const tag = 'Webhooks';
const dayMs = 24 * 60 * 60 * 1000;
/** Failed deliveries read and sent again at once. */
const pageSize = 200;

export function webhookActionRoutes(dependencies: ApiDependencies): Route[] {
  const { config, webhooks, events, eventTypes, deliveries, deliveryStats, audit, starter } = dependencies;

  async function findEnabled(tenantId: string, id = ''): Promise<Webhook> {
    const webhook = await webhooks.find(tenantId, id);
    if (!webhook) throw notFound();
    if (webhook.disabled) throw conflict('The webhook is disabled.');
    return webhook;
  }

  /** Publishes the example of the first event type that the webhook gets, to this webhook only; with its audit entry. */
  async function publishSample(webhook: Webhook, entry: Omit<NewAuditEntry, 'objectId'>): Promise<string> {
    const { tenantId, id, contract, channels, settings } = webhook;
    const type = await firstTypeOf(webhook, eventTypes);
    if (!type) throw conflict('None of the event types that there are matches what the webhook subscribes to.');
    if (type.schema && !type.example) {
      throw conflict(`The event type ${type.name} has a schema and no example that fits it: add one to test with.`);
    }
    const example = type.example ?? {};
    const sample = {
      eventId: newId(),
      type: type.name,
      payload: profiles[contract].sample?.(example, settings) ?? example,
      occurredAt: null,
      webhookId: id,
      channel: channels[0] ?? null,
    };
    const delivery = await audit.together({ ...entry, objectId: id }, async (within) => {
      const [made] = (await events.publish(tenantId, [sample], within)).toStart;
      if (!made) throw conflict('The webhook is disabled.');
      return made;
    });
    await starter.enqueue([delivery]);
    return delivery.deliveryId;
  }

  /** Delivers once more what failed in the window; counts only on a dry run. */
  async function recover(webhook: Webhook, window: { since: Date; until: Date }, dryRun: boolean): Promise<number> {
    const schedule = (maxRetries: number) => retrySchedule(config.RETRY_BASE, maxRetries);
    if (await deliveries.failedWithoutPayloadIn(webhook.tenantId, webhook.id, window)) {
      throw conflict('Payloads of some events of this window are no longer kept: choose a later `since`.');
    }
    let count = 0;
    let afterId: string | null = null;
    for (;;) {
      const failed: string[] = await deliveries.failedIn(webhook.tenantId, webhook.id, {
        ...window,
        afterId,
        limit: pageSize,
      });
      if (dryRun) {
        count += failed.length;
      } else {
        const again = await deliveries.redeliverFailed(webhook.tenantId, webhook.id, failed, schedule);
        await starter.enqueue(again);
        count += again.length;
      }
      afterId = failed.at(-1) ?? null;
      if (failed.length < pageSize) return count;
    }
  }

  return [
    route({
      method: 'post',
      path: '/api/v1/webhooks/{id}/secret/rotate',
      tag,
      operationId: 'rotateWebhookSecret',
      summary: 'Replace the signing secret',
      description: 'Both secrets sign during the grace; the new one is shown in this answer only.',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      body: schemas.secretRotation,
      bodyOptional: true,
      responses: { 200: { description: 'The new secret', schema: schemas.rotatedSecret } },
      async handle(request) {
        const secret = newSigningSecret();
        const { caller, params, body } = request;
        const entry = auditEntry(request, 'webhook.rotate_secret', ['secret']);
        const rotated = await webhooks.rotateSecret(caller.tenantId, params.id ?? '', secret, body.graceSeconds, entry);
        if (!rotated) throw notFound();
        return { status: 200, body: { secret: secret.reveal() } };
      },
    }),

    route({
      method: 'post',
      path: '/api/v1/webhooks/{id}/test',
      tag,
      operationId: 'testWebhook',
      summary: 'Deliver a sample event',
      description:
        'The example of an event type that it subscribes to, the first of its names or else the first of the catalogue ' +
        'that one of its prefixes matches, sent to this webhook only. A type with a schema and no example is answered 409.',
      access: 'webhooks:write',
      write: true,
      params: idParams,
      body: emptyBody,
      bodyOptional: true,
      responses: { 202: { description: 'The delivery of the sample', schema: shownDelivery } },
      errors: [409],
      async handle(request) {
        const { tenantId } = request.caller;
        const webhook = await findEnabled(tenantId, request.params.id);
        const deliveryId = await publishSample(webhook, auditEntry(request, 'webhook.test'));
        const delivery = await deliveries.find(tenantId, deliveryId);
        if (!delivery) throw notFound();
        return { status: 202, body: presentDelivery(delivery, [], { settings: config, mayReadWebhook: false }) };
      },
    }),

    route({
      method: 'post',
      path: '/api/v1/webhooks/{id}/recover',
      tag,
      operationId: 'recoverWebhook',
      summary: 'Deliver again what failed in a window of time',
      description:
        'Events whose last delivery to this webhook failed and was made in [since, until). All or none: 409 when the ' +
        'payload of one of them is no longer kept.',
      access: 'webhooks:write',
      write: true,
      costly: true,
      params: idParams,
      body: schemas.recovery,
      responses: { 202: { description: 'How many are on their way, or would be', schema: schemas.recoveryCount } },
      errors: [409],
      async handle(request) {
        const { since, until = new Date(), dryRun } = request.body;
        const webhook = await findEnabled(request.caller.tenantId, request.params.id);
        const count = await recover(webhook, { since, until }, dryRun);
        if (!dryRun) await audit.append({ ...auditEntry(request, 'webhook.recover'), objectId: webhook.id });
        return { status: 202, body: { count } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/webhooks/{id}/stats',
      tag,
      operationId: 'getWebhookStats',
      summary: 'How its deliveries went',
      access: 'webhooks:read',
      costly: true,
      params: idParams,
      query: schemas.statsQuery,
      responses: { 200: { description: 'Counts, success rate and durations', schema: schemas.webhookStats } },
      async handle({ caller, params, query }) {
        const webhook = await webhooks.find(caller.tenantId, params.id ?? '');
        if (!webhook) throw notFound();
        const since = query.since ?? new Date(Date.now() - dayMs);
        const { deliveries: counts, durationMs } = await deliveryStats.ofWebhook(caller.tenantId, webhook.id, since);
        const ended = counts.delivered + counts.failed;
        const successRate = ended === 0 ? null : counts.delivered / ended;
        return { status: 200, body: { since: since.toISOString(), deliveries: counts, successRate, durationMs } };
      },
    }),
  ];
}
