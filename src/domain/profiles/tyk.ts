import { spelled, tykEventTypes } from '../event-types/tyk';
import { bodyHmac } from '../signing/body-hmac';
import { standardWebhooksHeaders } from '../signing/standard-webhooks';
import { numberHeaders, tykSettings } from '../tyk-settings';
import type { AttemptContext, ContractProfile, OutgoingRequest } from './profile';

/** The Tyk portal's webhooks (contracts section 5): its envelope and its signature beside those of Standard Webhooks. */
export const tykProfile: ContractProfile = {
  contract: 'tyk',
  eventTypes: tykEventTypes,
  allowQuery: true,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 60_000,
  maxRetriesLimit: 10,
  signsMessages: false,
  settingsFor: (settings, headers) => numberHeaders(tykSettings({ settings }), Object.keys(headers)),
  request({ sentAt, webhook, event, secrets }: AttemptContext): OutgoingRequest {
    const { method, spelling } = tykSettings(webhook);
    const [current] = secrets;
    if (!current) throw new RangeError('no signing secret');
    const body = Buffer.from(
      `{"Event":${JSON.stringify(spelled(event.type, spelling))},"Message":${event.payloadJson},` +
        `"Timestamp":"${event.occurredAt.toISOString()}"}`,
    );
    return {
      method,
      body,
      headers: {
        ...webhook.headers,
        'content-type': 'application/json',
        'user-agent': 'Everhook/1',
        // One value, so one secret: the current one also while the one before is in its grace.
        'x-signature-sha256': bodyHmac(body, current),
        ...standardWebhooksHeaders({ eventId: event.id, timestamp: sentAt, body, secrets }),
      },
    };
  },
};
