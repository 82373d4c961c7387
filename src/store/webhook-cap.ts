import type { Database } from './database';

/** A tenant has as many webhooks as it may have. */
export class TooManyWebhooks extends Error {
  override readonly name = 'TooManyWebhooks';

  constructor(readonly limit: number) {
    super(`there are ${limit} webhooks already`);
  }
}

/**
 * Holds a place for one more webhook until the transaction `within` ends: those who make the last one allowed wait for
 * each other here. Disabled webhooks count, of all contracts.
 * @throws TooManyWebhooks
 */
export async function makeRoomForWebhook(within: Database, tenantId: string, limit: number): Promise<void> {
  await within.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [`webhooks/${tenantId}`]);
  const [counted] = await within('webhooks')
    .where({ tenant_id: tenantId })
    .whereNull('deleted_at')
    .count<{ count: number }[]>('* as count');
  if ((counted?.count ?? 0) >= limit) throw new TooManyWebhooks(limit);
}
