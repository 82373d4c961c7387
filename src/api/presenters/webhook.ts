import type { Webhook } from '../../domain/webhook';
import type { ShownWebhook } from '../schemas/webhook';

/** A webhook of any contract as the native API shows it. */
export function presentWebhook(webhook: Webhook): ShownWebhook {
  return {
    id: webhook.id,
    contract: webhook.contract,
    targetUrl: webhook.targetUrl,
    events: webhook.events,
    channels: webhook.channels,
    description: webhook.description,
    disabled: webhook.disabled,
    authType: webhook.auth.type,
    timeoutMs: webhook.timeoutMs,
    maxRetries: webhook.maxRetries,
    headers: webhook.headers,
    createdAt: webhook.createdAt.toISOString(),
    updatedAt: webhook.updatedAt.toISOString(),
  };
}
