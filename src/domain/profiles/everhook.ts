import { everhookEventTypes } from '../event-types/everhook';
import type { ContractProfile } from './profile';
import { signedPost } from './signed-post';

/** Everhook's own contract: body and headers are those of Standard Webhooks. */
export const everhookProfile: ContractProfile = {
  contract: 'everhook',
  eventTypes: everhookEventTypes,
  allowQuery: true,
  defaultTimeoutMs: 3000,
  maxTimeoutMs: 3000,
  maxRetriesLimit: 10,
  signsMessages: false,
  request: (context) => {
    const { type, occurredAt, payloadJson } = context.event;
    const json = `{"type":${JSON.stringify(type)},"timestamp":"${occurredAt.toISOString()}","data":${payloadJson}}`;
    return signedPost(context, json);
  },
};
