import { mayTravelTogether } from '../domain/burst';
import type { TraceContext } from '../domain/trace-context';
import { deliveryIdOf, smallestIdAt } from '../domain/ids';
import type { Database } from './database';
import { toDelivery, type Delivery, type DeliveryRow } from './delivery-row';
import { rangeOfIds } from './id-range';
import type { CurrentTrace, TravelTogether } from './publish';

/** There is nothing to send any more. */
export class PayloadGone extends Error {
  override readonly name = 'PayloadGone';
}

/** The part of the delivery store that sends finished deliveries once more. */
export function createRedelivery(database: Database, together: TravelTogether, traceContext: CurrentTrace) {
  return {
    /**
     * A new delivery of the same event to the same webhook. When one of them is pending already, that one is
     * the answer: pressing twice is not sending twice. Null: no such delivery.
     * @throws {@link PayloadGone}
     */
    async redeliver(
      tenantId: string,
      deliveryId: string,
      schedule: (maxRetries: number) => number[],
    ): Promise<{ delivery: Delivery; created: boolean } | null> {
      return database.transaction(async (within) => {
        const original = await within('deliveries')
          .where({ tenant_id: tenantId, id: deliveryId })
          .first<DeliveryRow | undefined>();
        if (!original) return null;
        const webhook = await within('webhooks')
          .where({ tenant_id: tenantId, id: original.webhook_id })
          .forUpdate()
          .first<{ max_retries: number } | undefined>('max_retries');
        const [latest] = await within('deliveries')
          .where({ tenant_id: tenantId, event_uid: original.event_uid, webhook_id: original.webhook_id })
          .where('id', '>=', rangeOfIds([original.event_uid]).from)
          .orderBy('redelivery', 'desc')
          .limit(1)
          .select<DeliveryRow[]>('*');
        if (!latest || !webhook) return null;
        if (latest.status === 'pending') return { delivery: toDelivery(latest), created: false };
        // Shared, so that retention does not remove it until this is stored, and then sees that it is needed.
        const event = await within('events')
          .where({ tenant_id: tenantId, id: original.event_uid })
          .whereNotNull('payload')
          .forShare()
          .first<{ id: string } | undefined>('id');
        if (!event) throw new PayloadGone('the payload of the event is no longer kept');
        const [row] = await within('deliveries')
          .insert(nextRedelivery(within, latest, schedule(webhook.max_retries), traceContext()))
          .returning<DeliveryRow[]>('*');
        if (!row) throw new Error('insert returned no delivery');
        return { delivery: toDelivery(row), created: true };
      });
    },

    /**
     * {@link redeliver} for many failed deliveries of one webhook in one transaction. Returns the new ones; a delivery
     * that was sent again meanwhile is left out, and one whose payload is gone.
     */
    async redeliverFailed(
      tenantId: string,
      webhookId: string,
      ids: readonly string[],
      schedule: (maxRetries: number) => number[],
    ): Promise<Delivery[]> {
      const queued = { not_before: database.raw('now()') };
      return database.transaction(async (within) => {
        const webhook = await within('webhooks')
          .where({ tenant_id: tenantId, id: webhookId })
          .forUpdate()
          .first<{ max_retries: number } | undefined>('max_retries');
        if (!webhook) return [];
        // What others sent again before they left the lock to us is seen here.
        const { rows: failed } = await within.raw<{ rows: DeliveryRow[] }>(
          `SELECT d.* FROM deliveries d JOIN events e ON e.tenant_id = d.tenant_id AND e.id = d.event_uid
           WHERE d.tenant_id = ? AND d.webhook_id = ? AND d.status = 'failed' AND d.id = ANY (?)
             AND e.payload IS NOT NULL AND NOT EXISTS (${laterDelivery})
           ORDER BY d.id FOR SHARE OF e`,
          [tenantId, webhookId, [...ids]],
        );
        const [one] = failed;
        if (!one) return [];
        const again = failed.map((row) => nextRedelivery(within, row, schedule(webhook.max_retries), traceContext()));
        if (!mayTravelTogether(one.contract) || !together(again.length)) {
          return (await within('deliveries').insert(again).returning<DeliveryRow[]>('*')).map(toDelivery);
        }
        await within('burst_queue').insert(
          again.map((row) => ({ ...queued, tenant_id: tenantId, webhook_id: webhookId, delivery_id: row.id })),
        );
        const rows = await within('deliveries')
          .insert(again.map((row) => ({ ...row, claimed_until: 'infinity' })))
          .returning<DeliveryRow[]>('*');
        return rows.map((row) => ({ ...toDelivery(row), together: true }));
      });
    },

    /**
     * Events whose last delivery to this webhook failed in [since, until) and was made then; oldest first,
     * at most `limit` after `afterId`. What {@link redeliver} of each would send again.
     */
    async failedIn(
      tenantId: string,
      webhookId: string,
      window: { since: Date; until: Date; afterId: string | null; limit: number },
    ): Promise<string[]> {
      const { rows } = await database.raw<{ rows: { id: string }[] }>(
        `SELECT d.id FROM deliveries d
         WHERE ${failedInWindow} AND d.id > ? AND EXISTS (${payloadOfIt})
         ORDER BY d.id LIMIT ?`,
        [
          tenantId,
          webhookId,
          smallestIdAt(window.since),
          smallestIdAt(window.until),
          window.afterId ?? smallestIdAt(new Date(0)),
          window.limit,
        ],
      );
      return rows.map((row) => row.id);
    },

    /** Whether {@link failedIn} leaves out deliveries because the payloads of their events are gone. */
    async failedWithoutPayloadIn(
      tenantId: string,
      webhookId: string,
      window: { since: Date; until: Date },
    ): Promise<boolean> {
      const { rows } = await database.raw<{ rows: unknown[] }>(
        `SELECT 1 FROM deliveries d WHERE ${failedInWindow} AND NOT EXISTS (${payloadOfIt}) LIMIT 1`,
        [tenantId, webhookId, smallestIdAt(window.since), smallestIdAt(window.until)],
      );
      return rows.length > 0;
    },
  };
}

/** A delivery of the same event to the same webhook that was made after `d`. */
const laterDelivery = `
  SELECT FROM deliveries later
  WHERE later.tenant_id = d.tenant_id AND later.event_uid = d.event_uid AND later.webhook_id = d.webhook_id
    AND later.redelivery > d.redelivery`;

const payloadOfIt = `
  SELECT FROM events e WHERE e.tenant_id = d.tenant_id AND e.id = d.event_uid AND e.payload IS NOT NULL`;

/** Bindings: tenant, webhook, since and until as ids. */
const failedInWindow = `
  d.tenant_id = ? AND d.webhook_id = ? AND d.status = 'failed' AND d.id >= ? AND d.id < ? AND NOT EXISTS (${laterDelivery})`;

/** The row that delivers once more what `latest` delivered. */
function nextRedelivery(
  database: Database,
  latest: DeliveryRow,
  schedule: number[],
  traceContext: TraceContext | null,
) {
  const now = new Date();
  const redelivery = latest.redelivery + 1;
  return {
    tenant_id: latest.tenant_id,
    id: deliveryIdOf({ eventUid: latest.event_uid, webhookId: latest.webhook_id, redelivery, at: now }),
    event_uid: latest.event_uid,
    webhook_id: latest.webhook_id,
    redelivery,
    event_id: latest.event_id,
    event_type: latest.event_type,
    contract: latest.contract,
    retry_schedule: schedule,
    due_at: now,
    claimed_until: database.raw(`now() + interval '5 s'`),
    created_at: now,
    // Of who asked for it: what was tried before is another trace.
    trace_context: traceContext,
  };
}
