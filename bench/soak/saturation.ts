import type { SoakReceivers } from './receivers';
import { eventType, type SoakTenant } from './tenant';
import { setTimeout as sleep } from 'node:timers/promises';

const lanes = 32;
const patienceMs = 120_000;

/**
 * How many events a second this machine carries, each with a delivery to every kind of receiver: as fast as `lanes` requests
 * at once can, until all have come to the receiver that is well. Also the ids of what was published.
 */
export async function measureSaturation(
  tenant: SoakTenant,
  receivers: SoakReceivers,
  forMs: number,
): Promise<{ perSecond: number; accepted: string[] }> {
  const accepted: string[] = [];
  const startedAt = performance.now();
  let next = 0;
  async function lane(): Promise<void> {
    while (performance.now() - startedAt < forMs) {
      const id = `${tenant.number}-before-${(next += 1)}`;
      const event = { id, type: eventType, payload: { tenant: tenant.number } };
      if ((await tenant.call('POST', '/api/v1/events', event)).status === 202) accepted.push(id);
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  const missing = () => accepted.filter((id) => !receivers.reception(tenant.number, 'steady', id));
  while (missing().length > 0) {
    if (performance.now() - startedAt > forMs + patienceMs) throw new Error(`${missing().length} events never came`);
    await sleep(50);
  }
  return { perSecond: (1_000 * accepted.length) / (performance.now() - startedAt), accepted };
}
