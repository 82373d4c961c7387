import type { List, Webhook } from './api-types';
import { useResource } from './resource';
import { useSession } from './session';

/** The tenant's webhooks, for names and filters; of more than 250 the newest. Empty where one may not read them. */
export function useWebhooks(): readonly Webhook[] {
  const { may } = useSession();
  const { data } = useResource<List<Webhook>>(may('webhooks:read') ? '/api/v1/webhooks?limit=250' : null);
  return data?.data ?? [];
}

/** What a person calls a webhook: its description, else where it leads. */
export function webhookName({ description, targetUrl }: Pick<Webhook, 'description' | 'targetUrl'>): string {
  return description || targetUrl.replace(/^https?:\/\//, '').replace(/\/$/, '');
}
