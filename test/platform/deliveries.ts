import { newId } from '../../src/domain/ids';
import type { StartableDelivery } from '../../src/domain/delivery-run';

/** A delivery as the outbox has it; nobody else's. */
export function startableDelivery(rest: Partial<StartableDelivery> = {}): StartableDelivery {
  return {
    tenantId: newId(),
    deliveryId: newId(),
    webhookId: newId(),
    eventUid: newId(),
    redelivery: 0,
    eventId: 'evt_1',
    eventType: 'everhook.test',
    contract: 'everhook',
    retrySchedule: [2_000, 4_000, 8_000],
    ...rest,
  };
}
