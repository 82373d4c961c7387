import { celcoinEventTypes } from '../event-types/celcoin';
import { standardWebhooksHeaders } from '../signing/standard-webhooks';
import type { AttemptContext, ContractProfile, OutgoingRequest } from './profile';

/** Celcoin's consent webhooks (contracts 2.2, 2.3): its body, with the headers of Standard Webhooks beside. */
export const celcoinProfile: ContractProfile = {
  contract: 'celcoin',
  eventTypes: celcoinEventTypes,
  allowQuery: true,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 3000,
  maxRetriesLimit: 10,
  signsMessages: false,
  // A registration is for one stream of consents, `settings.type`: DATA or PAYMENT.
  wants: ({ settings }, { payload }) => payload.type === settings.type,
  sample: (example, { type }) => ({ ...example, type }),
  request({ sentAt, webhook, event, secrets }: AttemptContext): OutgoingRequest {
    const body = Buffer.from(`{"event":${JSON.stringify(event.type)},"data":${event.payloadJson}}`);
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
