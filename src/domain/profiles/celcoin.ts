import { celcoinEventTypes } from '../event-types/celcoin';
import type { ContractProfile } from './profile';
import { signedPost } from './signed-post';

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
  request: (context) => {
    const { type, payloadJson } = context.event;
    return signedPost(context, `{"event":${JSON.stringify(type)},"data":${payloadJson}}`);
  },
};
