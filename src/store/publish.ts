import type { Knex } from 'knex';
import { LRUCache } from 'lru-cache';
import type { StartableDelivery } from '../domain/delivery-run';
import { contentDigest, type NewEvent } from '../domain/event';
import { deliveryIdOf, idsAt } from '../domain/ids';
import { retrySchedule } from '../domain/retry-schedule';
import { wantsEvent, type Subscriber } from '../domain/subscription';
import { createBatching } from './batching';
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

/** One event's part of what was published together. */
interface Outcome {
  result: Published;
  /** Deliveries that are new. */
  toStart: StartableDelivery[];
}

/** How long, by PostgreSQL's clock, the publisher that stored a delivery has to start it before the sweeper may. */
const startGraceMs = 5_000;
/** Requests stored by one statement at most; an event is at most 256 KiB. */
const mostTogether = 50;
/** Tenants whose batches are known; one that is forgotten begins anew beside what still runs. */
const mostTenants = 1_000;

/**
 * Stores events with their deliveries in one transaction; answers in the order given.
 * `toStart` are the new deliveries: durable already, so starting them may fail (the sweeper finds them).
 * An event that is refused (conflict, unknown webhook) stores nothing and does not keep the others from it.
 * `within`: a transaction of the caller's, with which all of it stands or falls.
 */
export type Publish = (
  tenantId: string,
  events: readonly NewEvent[],
  within?: Database,
) => Promise<{ results: Published[]; toStart: StartableDelivery[] }>;

/** Events that a tenant publishes one by one at the same time share statements. */
export function createPublish(database: Database, { retryBaseMs }: { retryBaseMs: number }): Publish {
  const singles = new LRUCache<string, (event: NewEvent) => Promise<Outcome>>({
    max: mostTenants,
    memoMethod: (tenantId) =>
      createBatching({ run: (events: readonly NewEvent[]) => publishTogether(tenantId, events), most: mostTogether }),
  });

  return async (tenantId, events, within) => {
    const [first, ...more] = events;
    const outcomes =
      first && more.length === 0 && !within
        ? [await singles.memo(tenantId)(first)]
        : await publishTogether(tenantId, events, within);
    return { results: outcomes.map(({ result }) => result), toStart: outcomes.flatMap(({ toStart }) => toStart) };
  };

  async function publishTogether(
    tenantId: string,
    events: readonly NewEvent[],
    within: Database = database,
  ): Promise<Outcome[]> {
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
    return events.map((event): Outcome => {
      const { eventId, type } = event;
      const stored = before.get(eventId);
      const first = firsts.get(eventId);
      const digest = first?.event === event ? first.digest : contentDigest(event);
      const same = (stored?.content_digest ?? first?.digest)?.equals(digest) ?? false;
      if (!same) return { result: { kind: acceptable(event) ? 'conflict' : 'unknown_webhook', eventId }, toStart: [] };
      const duplicate = stored !== undefined || seen.has(eventId);
      seen.add(eventId);
      const deliveries =
        stored?.deliveries ?? first?.deliveries.map((d) => ({ id: d.deliveryId, webhookId: d.webhookId })) ?? [];
      return {
        result: { kind: 'stored', eventId, type, duplicate, deliveries },
        toStart: duplicate ? [] : (first?.deliveries ?? []),
      };
    });
  }

  /** Webhooks of the tenant that may get events: the enabled ones, and any that an event names. */
  async function fanout(tenantId: string, named: string[], within: Database): Promise<FanoutRow[]> {
    const columns = 'id, contract, events, channels, settings, max_retries, disabled';
    const live = `SELECT ${columns} FROM webhooks WHERE tenant_id = ? AND deleted_at IS NULL`;
    const { rows } =
      named.length === 0
        ? await within
            .raw<{ rows: FanoutRow[] }>(`${live} AND NOT disabled ORDER BY id`, [tenantId])
            .options({ name: 'fanout' })
        : await within
            .raw<{ rows: FanoutRow[] }>(`${live} AND (NOT disabled OR id = ANY (?)) ORDER BY id`, [tenantId, named])
            .options({ name: 'fanout_named' });
    return rows;
  }

  /** One statement, so one transaction: keys, events and deliveries all or none. Returns the uids that were new. */
  async function insert(tenantId: string, prepared: Prepared[], within: Database): Promise<Set<string>> {
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
      startGraceMs,
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
                d.created_at, now() + ?::integer * interval '1 ms', d.created_at
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
}
