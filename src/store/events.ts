import type { Knex } from 'knex';
import type { StartableDelivery } from '../domain/delivery-run';
import { contentDigest, type NewEvent, type StoredEvent } from '../domain/event';
import { deliveryIdOf, idsAt } from '../domain/ids';
import { retrySchedule } from '../domain/retry-schedule';
import { wantsEvent, type Subscriber } from '../domain/subscription';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';

/** What publishing one event came to. */
export type Published =
  | {
      kind: 'stored';
      eventId: string;
      type: string;
      /** True: this id was published before with the same content; the deliveries are those of then. */
      duplicate: boolean;
      deliveries: { id: string; webhookId: string }[];
    }
  /** This id was published before with other content. */
  | { kind: 'conflict'; eventId: string }
  | { kind: 'unknown_webhook'; eventId: string };

interface EventRow {
  tenant_id: string;
  id: string;
  event_id: string;
  type: string;
  payload: string;
  occurred_at: Date | null;
  webhook_id: string | null;
  channel: string | null;
  created_at: Date;
}

/** A webhook as the fan-out sees it. */
type FanoutRow = Subscriber & { max_retries: number };

interface Prepared {
  event: NewEvent;
  uid: string;
  digest: Buffer;
  createdAt: Date;
  payloadJson: string;
  deliveries: StartableDelivery[];
}

export type EventStore = ReturnType<typeof createEventStore>;

/** How long the publisher that stored a delivery has to start it before the sweeper may. */
const startGraceMs = 5_000;

export function createEventStore(database: Database, { retryBaseMs }: { retryBaseMs: number }) {
  /** Webhooks of the tenant that may get events: the enabled ones, and any that an event names. */
  async function fanout(tenantId: string, named: string[], within: Database): Promise<FanoutRow[]> {
    return within('webhooks')
      .where({ tenant_id: tenantId })
      .whereNull('deleted_at')
      .where((q) => {
        void q.where({ disabled: false });
        if (named.length > 0) void q.orWhereIn('id', named);
      })
      .orderBy('id')
      .select<FanoutRow[]>('id', 'contract', 'events', 'channels', 'settings', 'max_retries', 'disabled');
  }

  /** One statement, so one transaction: keys, events and deliveries all or none. Returns the uids that were new. */
  async function insert(tenantId: string, prepared: Prepared[], within: Database): Promise<Set<string>> {
    const now = Date.now();
    const deliveries = prepared.flatMap((one) =>
      one.deliveries.map((delivery) => ({ ...delivery, at: one.createdAt })),
    );
    const bindings: Knex.RawBinding[] = [
      prepared.map((p) => p.event.eventId),
      prepared.map((p) => p.uid),
      prepared.map((p) => p.digest),
      prepared.map((p) => p.event.type),
      prepared.map((p) => p.payloadJson),
      prepared.map((p) => p.event.occurredAt?.toISOString() ?? ''),
      prepared.map((p) => p.event.webhookId ?? ''),
      prepared.map((p) => p.event.channel ?? ''),
      prepared.map((p) => p.createdAt),
      tenantId,
      tenantId,
      tenantId,
      new Date(now + startGraceMs),
      deliveries.map((d) => d.deliveryId),
      deliveries.map((d) => d.eventUid),
      deliveries.map((d) => d.webhookId),
      deliveries.map((d) => d.eventId),
      deliveries.map((d) => d.eventType),
      deliveries.map((d) => d.contract),
      deliveries.map((d) => `{${d.retrySchedule.join(',')}}`),
      deliveries.map((d) => d.at),
    ];
    const { rows } = await within
      .raw<{ rows: { event_uid: string }[] }>(
        `WITH input AS (
         SELECT * FROM unnest(?::text[], ?::uuid[], ?::bytea[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[],
                              ?::timestamptz[])
           AS input (event_id, uid, digest, type, payload, occurred_at, webhook_id, channel, created_at)
       ), fresh AS (
         INSERT INTO event_keys (tenant_id, event_id, event_uid, content_digest, created_at)
         SELECT ?::uuid, event_id, uid, digest, created_at FROM input ORDER BY event_id
         ON CONFLICT (tenant_id, event_id) DO NOTHING
         RETURNING event_uid
       ), stored AS (
         INSERT INTO events (tenant_id, id, event_id, type, payload, occurred_at, webhook_id, channel, created_at)
         SELECT ?::uuid, uid, event_id, type, payload::json, nullif(occurred_at, '')::timestamptz, nullif(webhook_id, '')::uuid,
                nullif(channel, ''), created_at
         FROM input JOIN fresh ON fresh.event_uid = input.uid
       ), fanned_out AS (
         INSERT INTO deliveries (tenant_id, id, event_uid, webhook_id, event_id, event_type, contract, retry_schedule,
                                 due_at, claimed_until, created_at)
         SELECT ?::uuid, d.id, d.event_uid, d.webhook_id, d.event_id, d.event_type, d.contract, d.schedule::integer[],
                d.created_at, ?::timestamptz, d.created_at
         FROM unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::timestamptz[])
           AS d (id, event_uid, webhook_id, event_id, event_type, contract, schedule, created_at)
         JOIN fresh ON fresh.event_uid = d.event_uid
       )
       SELECT event_uid FROM fresh`,
        bindings,
      )
      .options({ name: 'publish' });
    return new Set(rows.map((row) => row.event_uid));
  }

  /** What was stored under ids that were not new. */
  async function earlier(tenantId: string, eventIds: string[], within: Database) {
    const { rows } = await within.raw<{
      rows: { event_id: string; content_digest: Buffer; deliveries: { id: string; webhookId: string }[] }[];
    }>(
      `SELECT k.event_id, k.content_digest,
              coalesce((SELECT jsonb_agg(jsonb_build_object('id', d.id, 'webhookId', d.webhook_id) ORDER BY d.webhook_id)
                        FROM deliveries d
                        WHERE d.tenant_id = k.tenant_id AND d.event_uid = k.event_uid AND d.redelivery = 0), '[]') AS deliveries
       FROM event_keys k WHERE k.tenant_id = ? AND k.event_id = ANY (?)`,
      [tenantId, eventIds],
    );
    return new Map(rows.map((row) => [row.event_id, row]));
  }

  function prepare(
    { tenantId, uid, createdAt }: { tenantId: string; uid: string; createdAt: Date },
    event: NewEvent,
    webhooks: FanoutRow[],
  ): Prepared {
    return {
      event,
      uid,
      createdAt,
      digest: contentDigest(event),
      payloadJson: JSON.stringify(event.payload),
      deliveries: webhooks
        .filter((webhook) => wantsEvent(webhook, event))
        .map((webhook) => ({
          tenantId,
          deliveryId: deliveryIdOf({ eventUid: uid, webhookId: webhook.id, redelivery: 0, at: createdAt }),
          webhookId: webhook.id,
          eventUid: uid,
          redelivery: 0,
          eventId: event.eventId,
          eventType: event.type,
          contract: webhook.contract,
          retrySchedule: retrySchedule(retryBaseMs, webhook.max_retries),
        })),
    };
  }

  return {
    /**
     * Stores events with their deliveries in one transaction; answers in the order given.
     * `toStart` are the new deliveries: durable already, so starting them may fail (the sweeper finds them).
     * An event that is refused (conflict, unknown webhook) stores nothing and does not keep the others from it.
     * `within`: a transaction of the caller's, with which all of it stands or falls.
     */
    async publish(
      tenantId: string,
      events: readonly NewEvent[],
      within: Database = database,
    ): Promise<{ results: Published[]; toStart: StartableDelivery[] }> {
      const named = [...new Set(events.map((event) => event.webhookId).filter((id) => id !== null))];
      const webhooks = await fanout(tenantId, named, within);
      const known = new Set(webhooks.map((webhook) => webhook.id));
      const acceptable = (event: NewEvent) => event.webhookId === null || known.has(event.webhookId);

      const createdAt = new Date();
      const nextUid = idsAt(createdAt);
      const firsts = new Map<string, Prepared>();
      for (const event of events.filter(acceptable)) {
        if (firsts.has(event.eventId)) continue;
        firsts.set(event.eventId, prepare({ tenantId, uid: nextUid(), createdAt }, event, webhooks));
      }
      const prepared = [...firsts.values()];
      const fresh = prepared.length > 0 ? await insert(tenantId, prepared, within) : new Set<string>();
      const freshIds = new Set(prepared.filter((one) => fresh.has(one.uid)).map((one) => one.event.eventId));
      // Refused ones too: who repeats an event gets its first answer although the webhook it names is gone by now.
      const repeated = [...new Set(events.map((event) => event.eventId))].filter((id) => !freshIds.has(id));
      const before = repeated.length > 0 ? await earlier(tenantId, repeated, within) : new Map<string, never>();

      const seen = new Set<string>();
      const results = events.map((event): Published => {
        const stored = before.get(event.eventId);
        const first = firsts.get(event.eventId);
        const same = (stored?.content_digest ?? first?.digest)?.equals(contentDigest(event)) ?? false;
        if (!acceptable(event) && !same) return { kind: 'unknown_webhook', eventId: event.eventId };
        if (!same) return { kind: 'conflict', eventId: event.eventId };
        const duplicate = stored !== undefined || seen.has(event.eventId);
        seen.add(event.eventId);
        const deliveries =
          stored?.deliveries ?? first?.deliveries.map((d) => ({ id: d.deliveryId, webhookId: d.webhookId })) ?? [];
        return { kind: 'stored', eventId: event.eventId, type: event.type, duplicate, deliveries };
      });
      return { results, toStart: prepared.filter((one) => fresh.has(one.uid)).flatMap((one) => one.deliveries) };
    },

    /** An event by the publisher's id; its payload as the JSON text that was stored. */
    async find(tenantId: string, eventId: string): Promise<(StoredEvent & { payloadJson: string }) | null> {
      const row = await database('event_keys as k')
        .join('events as e', (on) => on.on('e.tenant_id', 'k.tenant_id').andOn('e.id', 'k.event_uid'))
        .where({ 'k.tenant_id': tenantId, 'k.event_id': eventId })
        .first<EventRow | undefined>('e.*');
      return row ? { ...toEvent(row), payloadJson: row.payload } : null;
    },

    async list(tenantId: string, query: ListQuery & { type?: string }): Promise<Page<Omit<StoredEvent, 'payload'>>> {
      const { below, from } = idBounds(query);
      const rows = await database('events')
        .where({ tenant_id: tenantId })
        .modify((q) => {
          if (query.type) void q.where('type', query.type);
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        // Without payloads: a page of them could be 60 MB.
        .select<Omit<EventRow, 'payload'>[]>(
          'tenant_id',
          'id',
          'event_id',
          'type',
          'occurred_at',
          'webhook_id',
          'channel',
          'created_at',
        );
      return toPage(rows, query.limit, (row) => row.id, toListedEvent);
    },
  };
}

function toEvent(row: EventRow): StoredEvent {
  return { ...toListedEvent(row), payload: JSON.parse(row.payload) as StoredEvent['payload'] };
}

function toListedEvent(row: Omit<EventRow, 'payload'>): Omit<StoredEvent, 'payload'> {
  return {
    tenantId: row.tenant_id,
    uid: row.id,
    eventId: row.event_id,
    type: row.type,
    occurredAt: row.occurred_at,
    webhookId: row.webhook_id,
    channel: row.channel,
    createdAt: row.created_at,
  };
}
