import { comesToRest } from './account';
import { eventType, type SoakTenant } from './tenant';

const lanes = 32;
const patienceMs = 600_000;

/**
 * How many events a second this machine carries to the end, retries included: all that `lanes` requests at once can
 * publish in `forMs`, by the time until none of their deliveries is pending. Also the ids of what was published, by tenant.
 * @throws Error when they do not end
 */
export async function measureSaturation(
  tenants: readonly SoakTenant[],
  databaseUrl: string,
  forMs: number,
): Promise<{ perSecond: number; accepted: ReadonlyMap<number, string[]> }> {
  const accepted = new Map(tenants.map(({ number }): [number, string[]] => [number, []]));
  const startedAt = performance.now();
  let next = 0;
  async function lane(): Promise<void> {
    while (performance.now() - startedAt < forMs) {
      const tenant = tenants[(next += 1) % tenants.length];
      if (!tenant) throw new Error('there are no tenants');
      const id = `${tenant.number}-before-${next}`;
      const event = { id, type: eventType, payload: { tenant: tenant.number } };
      if ((await tenant.call('POST', '/api/v1/events', event)).status === 202) accepted.get(tenant.number)?.push(id);
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  if (!(await comesToRest(databaseUrl, patienceMs))) throw new Error('what was published to measure did not end');
  const count = [...accepted.values()].reduce((sum, ids) => sum + ids.length, 0);
  return { perSecond: (1_000 * count) / (performance.now() - startedAt), accepted };
}
