import { standardWebhooksHeaders } from '../signing/standard-webhooks';
import type { AttemptContext, OutgoingRequest } from './profile';

/** A POST of JSON with a webhook's own headers, signed as Standard Webhooks: all that most contracts ask for. */
export function signedPost({ sentAt, webhook, event, secrets }: AttemptContext, json: string): OutgoingRequest {
  const body = Buffer.from(json);
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
}
