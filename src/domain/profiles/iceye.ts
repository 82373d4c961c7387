import { iceyeEventTypes } from '../event-types/iceye';
import { standardWebhooksHeaders } from '../signing/standard-webhooks';
import type { AttemptContext, ContractProfile, OutgoingRequest } from './profile';

/** ICEYE's notifications (contracts section 3). */
export const iceyeProfile: ContractProfile = {
  contract: 'iceye',
  eventTypes: iceyeEventTypes,
  allowQuery: true,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 3000,
  maxRetriesLimit: 10,
  signsMessages: false,
  request({ sentAt, webhook, event, secrets }: AttemptContext): OutgoingRequest {
    const body = Buffer.from(
      `{"type":${JSON.stringify(event.type)},"timestamp":"${event.occurredAt.toISOString()}","data":${event.payloadJson}}`,
    );
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
