import { iceyeEventTypes } from '../event-types/iceye';
import type { ContractProfile } from './profile';
import { signedPost } from './signed-post';

/** ICEYE's notifications (contracts section 3): its body, with the headers of Standard Webhooks beside. */
export const iceyeProfile: ContractProfile = {
  contract: 'iceye',
  eventTypes: iceyeEventTypes,
  allowQuery: true,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 3000,
  maxRetriesLimit: 10,
  signsMessages: false,
  request: (context) => {
    const { id, type, occurredAt, payloadJson } = context.event;
    const head = { id, type, createdAt: occurredAt.toISOString(), webhookId: context.webhook.id };
    return signedPost(context, `${JSON.stringify(head).slice(0, -1)},"data":${payloadJson}}`);
  },
};
