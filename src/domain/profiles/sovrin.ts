import { sovrinEventTypes } from '../event-types/sovrin';
import { httpMessageSignatureHeaders } from '../signing/http-message-signatures';
import { standardWebhooksHeaders } from '../signing/standard-webhooks';
import type { AttemptContext, ContractProfile, OutgoingRequest } from './profile';

/** Sovrin's webhooks (contracts section 4): its body, its headers, and an HTTP Message Signature over all of it. */
export const sovrinProfile: ContractProfile = {
  contract: 'sovrin',
  eventTypes: sovrinEventTypes,
  allowQuery: false,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 3000,
  maxRetriesLimit: 3,
  signsMessages: true,
  request({ attemptId, sentAt, webhook, event, secrets, messageSigningKey }: AttemptContext): OutgoingRequest {
    if (!messageSigningKey) throw new TypeError('a sovrin request needs a message signing key');
    const envelope = {
      deliveryId: attemptId,
      // A publisher's clock may run ahead of ours; a delivery is never older than its event.
      deliveryTimestamp: new Date(Math.max(sentAt.getTime(), event.occurredAt.getTime())).toISOString(),
      webhookId: webhook.id,
    };
    const eventHead = { id: event.id, type: event.type };
    const body = Buffer.from(
      `${JSON.stringify(envelope).slice(0, -1)},"event":${JSON.stringify(eventHead).slice(0, -1)},` +
        `"payload":${event.payloadJson},"timestamp":"${event.occurredAt.toISOString()}"}}`,
    );
    const headers = {
      ...webhook.headers,
      'content-type': 'application/json',
      'user-agent': 'Everhook/1',
      'x-sovrin-webhook-id': webhook.id,
      'x-sovrin-event-type': event.type,
      ...standardWebhooksHeaders({ eventId: event.id, timestamp: sentAt, body, secrets }),
    };
    return {
      method: 'POST',
      body,
      headers: {
        ...headers,
        ...httpMessageSignatureHeaders({
          method: 'POST',
          url: webhook.targetUrl,
          // The egress sends this Host; covering it ties the signature to one receiver.
          headers: { ...headers, host: new URL(webhook.targetUrl).host },
          body,
          created: sentAt,
          key: messageSigningKey,
        }),
      },
    };
  },
};
