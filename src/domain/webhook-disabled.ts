import type { NewEvent } from './event';
import type { Contract } from './webhook';

export const webhookDisabledType = 'webhook.disabled';

/** What is told of a webhook that was disabled because nothing reached it any more. No URL: it may be a secret. */
export interface DisabledWebhook {
  webhookId: string;
  contract: Contract;
  description: string | null;
  /** When the first attempt failed that none succeeded after. */
  failingSince: Date;
  disabledAt: Date;
}

/** The operational event to its tenant; the same for the same outage, whoever tells it. */
export function webhookDisabledEvent(disabled: DisabledWebhook): NewEvent {
  const { webhookId, contract, description, failingSince, disabledAt } = disabled;
  return {
    eventId: `webhook-disabled:${webhookId}:${failingSince.getTime()}`,
    type: webhookDisabledType,
    payload: {
      webhookId,
      contract,
      description,
      reason: 'failing',
      failingSince: failingSince.toISOString(),
      disabledAt: disabledAt.toISOString(),
    },
    occurredAt: disabledAt,
    webhookId: null,
    channel: null,
  };
}
