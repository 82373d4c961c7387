import { createPrivateKey } from 'node:crypto';
import { redactedHeaderValue } from '../../domain/custom-headers';
import type { AttemptRecord } from '../../domain/delivery';
import { newId } from '../../domain/ids';
import { profiles, type MessageSigningKey, type OutgoingRequest } from '../../domain/profiles';
import { selectSigningKey } from '../../domain/signing/jwk';
import type { Webhook } from '../../domain/webhook';
import type { ApiDependencies } from '../dependencies';
import { conflict, notFound } from '../errors/api-error';
import { route, type Route } from '../route';
import {
  deliveryRequest,
  deliveryRequestQuery,
  shownBodyBytes,
  type ShownDeliveryRequest,
} from '../schemas/delivery-request';
import { idParams } from '../schemas/id';

/** Of those that sign, what is no signature. */
const readable = /^(webhook-id|webhook-timestamp|signature-input|content-digest)$/;
const signatureHeader = /^(webhook-|signature|content-digest$|x-signature-|x-sovrin-)/;

/** What was sent is not stored: it follows from the event, the webhook and its secrets, and is made from them again. */
export function deliveryRequestRoutes(dependencies: ApiDependencies): Route[] {
  const { deliveries, events, webhooks, messageSigningKeys } = dependencies;

  async function signingKey(at: Date): Promise<MessageSigningKey | null> {
    const key = selectSigningKey(await messageSigningKeys.published(at), at);
    return key ? { kid: key.kid, privateKey: createPrivateKey(key.privateKeyPem.reveal()) } : null;
  }

  async function requestOf(webhook: Webhook, eventId: string, sentAt: Date): Promise<OutgoingRequest> {
    const profile = profiles[webhook.contract];
    const event = await events.find(webhook.tenantId, eventId);
    if (!event || event.payloadJson === null) throw conflict('The payload of the event is no longer kept.');
    const messageSigningKey = profile.signsMessages ? await signingKey(sentAt) : null;
    if (profile.signsMessages && !messageSigningKey) throw conflict('The key that signed it is no longer published.');
    return profile.request({
      attemptId: newId(sentAt),
      sentAt,
      webhook: {
        id: webhook.id,
        targetUrl: webhook.targetUrl,
        headers: shownHeaders(webhook),
        settings: webhook.settings,
      },
      event: {
        id: event.eventId,
        type: event.type,
        occurredAt: event.occurredAt ?? event.createdAt,
        payloadJson: event.payloadJson,
      },
      secrets: await webhooks.signingSecrets(webhook.tenantId, webhook.id),
      messageSigningKey,
    });
  }

  return [
    route({
      method: 'get',
      path: '/api/v1/deliveries/{id}/request',
      tag: 'Deliveries',
      operationId: 'getDeliveryRequest',
      summary: 'The request of an attempt, with the headers that sign it',
      description:
        'Made again from the event, the webhook and its signing secrets as they are now. It is what was sent unless one of ' +
        'them changed since; a `deliveryId` of the sovrin contract is a new one. Secret header values are `[redacted]`, and so ' +
        'are signatures for clients without `deliveries:write`: who has one can send the request again. Clients without ' +
        '`webhooks:read` see of the URL its origin, and of custom headers their names. ' +
        '409 before the first attempt, once the webhook is deleted, and when the payload is no longer kept.',
      access: 'deliveries:read',
      params: idParams,
      query: deliveryRequestQuery,
      responses: { 200: { description: 'The request', schema: deliveryRequest } },
      errors: [409],
      async handle({ caller: { tenantId, scopes }, params, query }) {
        const delivery = await deliveries.find(tenantId, params.id ?? '');
        if (!delivery) throw notFound();
        const attempts = await deliveries.attempts(tenantId, delivery.deliveryId);
        const attempt =
          query.attempt === undefined ? attempts.at(-1) : attempts.find((a) => a.number === query.attempt);
        if (!attempt) throw conflict('This attempt was not made yet.');
        const webhook = await webhooks.find(tenantId, delivery.webhookId);
        if (!webhook) throw conflict('The webhook was deleted.');
        const request = await requestOf(webhook, delivery.eventId, new Date(attempt.startedAt));
        return {
          status: 200,
          body: present(request, {
            webhook,
            attempt,
            mayResend: scopes.includes('deliveries:write'),
            mayReadWebhook: scopes.includes('webhooks:read'),
          }),
        };
      },
    }),
  ];
}

function shownHeaders({ headers, auth }: Webhook): Record<string, string> {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return auth.type === 'noauth' ? lower : { ...lower, authorization: redactedHeaderValue };
}

function present(
  request: OutgoingRequest,
  {
    webhook,
    attempt,
    mayResend,
    mayReadWebhook,
  }: { webhook: Webhook; attempt: AttemptRecord; mayResend: boolean; mayReadWebhook: boolean },
): ShownDeliveryRequest {
  const custom = shownHeaders(webhook);
  const isCustom = (name: string) => Object.hasOwn(custom, name);
  const isSignature = (name: string) => !isCustom(name) && signatureHeader.test(name);
  const isHidden = (name: string) =>
    isCustom(name) ? !mayReadWebhook : isSignature(name) && !mayResend && !readable.test(name);
  return {
    attempt: attempt.number,
    sentAt: attempt.startedAt,
    method: request.method,
    url: mayReadWebhook ? webhook.targetUrl : new URL(webhook.targetUrl).origin,
    headers: Object.entries(request.headers).map(([name, value]) => ({
      name,
      value: isHidden(name) ? redactedHeaderValue : value,
      purpose: isCustom(name) ? 'custom' : isSignature(name) ? 'signature' : 'content',
    })),
    // A character cut in two would end in a replacement character.
    body: new TextDecoder('utf-8').decode(request.body.subarray(0, shownBodyBytes), { stream: true }),
    bodyBytes: request.body.length,
  };
}
