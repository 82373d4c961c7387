import { iceyeEventTypes } from '../event-types/iceye';
import { standardWebhooksHeaders } from '../signing/standard-webhooks';
import type { AttemptContext, ContractProfile, OutgoingRequest } from './profile';

/** ICEYE's notifications (contracts section 3): its body, with the headers of Standard Webhooks beside. */
export const iceyeProfile: ContractProfile = {
  contract: 'iceye',
  eventTypes: iceyeEventTypes,
  allowQuery: true,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 3000,
  maxRetriesLimit: 10,
  signsMessages: false,
  request({ sentAt, webhook, event, secrets }: AttemptContext): OutgoingRequest {
    const head = {
      id: event.id,
      type: event.type,
      createdAt: event.occurredAt.toISOString(),
      webhookId: webhook.id,
    };
    const body = Buffer.from(`${JSON.stringify(head).slice(0, -1)},"data":${event.payloadJson}}`);
    return {
      method: 'POST',
      body,
      headers: {
        ...webhook.headers,
        'content-type': 'application/json',
        'user-agent': 'Everhook/1',
        ...standardWebhooksHeaders({ eventId: event.id, timestamp: sentAt, body, secrets }),
      },
    };
  },
};
