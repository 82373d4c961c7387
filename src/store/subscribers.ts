import { LRUCache } from 'lru-cache';
import { retrySchedule } from '../domain/retry-schedule';
import type { Subscriber } from '../domain/subscription';
import type { Database } from './database';

/** A webhook as the fan-out sees it. */
export interface FanoutWebhook extends Subscriber {
  /** As deliveries to it have them: shared by all, changed by none. */
  retrySchedule: number[];
}

/** A tenant's webhooks at one time, in the order of their ids; disabled ones too, because an event may name one. */
export interface Subscribers {
  webhooks: readonly FanoutWebhook[];
  /** Changes with each of them (`webhook_versions`); null: the tenant never had one. */
  version: string | null;
}

/** Tenants' webhooks as they were when they were read last. */
export interface SubscriberCache {
  /** May be out of date: for who asks in the same statement that uses them whether `version` is still theirs. */
  remembered(tenantId: string): Subscribers | undefined;
  /** As they are now. In a transaction also with what it changed itself, which is not remembered. */
  read(tenantId: string, within?: Database): Promise<Subscribers>;
}

type Row = { version: string | null; id: string | null; max_retries: number } & Omit<Subscriber, 'id'>;

/** Of all that is remembered, as JSON text; in memory it is some three times as much. */
const rememberedBytes = 8 * 1024 * 1024;

export function createSubscriberCache(database: Database, { retryBaseMs }: { retryBaseMs: number }): SubscriberCache {
  const known = new LRUCache<string, Subscribers>({ maxSize: rememberedBytes });

  return {
    remembered: (tenantId) => known.get(tenantId),

    async read(tenantId, within) {
      const { rows } = await (within ?? database)
        .raw<{ rows: Row[] }>(
          `SELECT v.version, w.id, w.contract, w.events, w.channels, w.settings, w.max_retries, w.disabled
           FROM (SELECT ?::uuid AS tenant_id) t
           LEFT JOIN webhook_versions v ON v.tenant_id = t.tenant_id
           LEFT JOIN webhooks w ON w.tenant_id = t.tenant_id AND w.deleted_at IS NULL
           ORDER BY w.id`,
          [tenantId],
        )
        .options({ name: 'subscribers' });
      const webhooks = rows.flatMap(({ id, version: _, max_retries, ...rest }) =>
        id === null ? [] : [{ ...rest, id, retrySchedule: retrySchedule(retryBaseMs, max_retries) }],
      );
      const read = { webhooks, version: rows[0]?.version ?? null };
      if (!within) known.set(tenantId, read, { size: JSON.stringify(read).length });
      return read;
    },
  };
}
