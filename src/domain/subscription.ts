import { profiles } from './profiles';
import type { JsonObject } from './event';
import type { Webhook } from './webhook';

/** What decides whether a webhook gets an event. */
export type Subscriber = Pick<Webhook, 'id' | 'contract' | 'events' | 'channels' | 'settings' | 'disabled'>;

export interface Candidate {
  type: string;
  payload: JsonObject;
  channel: string | null;
  /** Narrows the event to one webhook. */
  webhookId: string | null;
}

/** A prefix ends where a part of a name ends: `invoice.*`, `consent:*`. */
export const prefixPattern = /^\w+(?:[.:]\w+)*[.:]\*$/;

/** `*`, or a prefix such as `invoice.*`; anything else is the name of one event type. */
export const isWildcard = (pattern: string) => pattern === '*' || prefixPattern.test(pattern);

export function matchesType(pattern: string, type: string): boolean {
  return pattern === type || (isWildcard(pattern) && type.startsWith(pattern.slice(0, -1)));
}

/** Whether the event fans out to the webhook: all of it pure, none of it per contract but the profile's `wants`. */
export function wantsEvent(webhook: Subscriber, event: Candidate): boolean {
  return (
    !webhook.disabled &&
    (event.webhookId === null || event.webhookId === webhook.id) &&
    (webhook.channels.length === 0 || (event.channel !== null && webhook.channels.includes(event.channel))) &&
    mayGet(webhook, event.type) &&
    webhook.events.some((pattern) => matchesType(pattern, event.type)) &&
    (profiles[webhook.contract].wants?.(webhook, event) ?? true)
  );
}

/** Everhook's own webhooks may get every event; those of another contract, whose envelope they have, only its own. */
function mayGet({ contract }: Subscriber, type: string): boolean {
  return contract === 'everhook' || profiles[contract].eventTypes.some(({ name }) => name === type);
}
