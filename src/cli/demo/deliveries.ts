import type { ApiClient } from '../api-client';
import { deliveryDocument, pageOf, read, type DeliveryDocument } from '../api-documents';

/** Follows the tenant's deliveries through the API. */
export interface DeliveryFeed {
  /** All of them with their attempts, oldest first. Ended ones are asked for once. */
  poll(): Promise<DeliveryDocument[]>;
}

export function followDeliveries(api: ApiClient): DeliveryFeed {
  const ended = new Map<string, DeliveryDocument>();
  return {
    async poll() {
      const page = read(pageOf(deliveryDocument), await api.deliveries.list({ limit: 250 }).page());
      const known = await Promise.all(
        page.data.map(async ({ id }) => {
          const before = ended.get(id);
          if (before) return before;
          const delivery = read(deliveryDocument, await api.deliveries.get(id));
          if (delivery.status !== 'pending') ended.set(id, delivery);
          return delivery;
        }),
      );
      return known.reverse();
    },
  };
}

/** The ones that are not as `seen` has them; brings it up to date. */
export function changed(deliveries: readonly DeliveryDocument[], seen: Map<string, string>): DeliveryDocument[] {
  return deliveries.filter(({ id, status, attempts }) => {
    const state = `${status} ${attempts.length}`;
    if (seen.get(id) === state) return false;
    seen.set(id, state);
    return true;
  });
}

export function webhookNames(webhookIds: Record<string, string>): (webhookId: string) => string {
  const names = new Map(Object.entries(webhookIds).map(([name, id]) => [id, name]));
  return (webhookId) => names.get(webhookId) ?? webhookId;
}
