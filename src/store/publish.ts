import type { Knex } from 'knex';
import { LRUCache } from 'lru-cache';
import type { StartableDelivery } from '../domain/delivery-run';
import { contentDigest, type NewEvent } from '../domain/event';
import { deliveryIdOf, idsAt } from '../domain/ids';
import type { TraceContext } from '../domain/trace-context';
import { wantsEvent } from '../domain/subscription';
import { mayTravelTogether } from '../domain/burst';
import { createBatching } from './batching';
import type { Database } from './database';
import { createSubscriberCache, type Subscribers } from './subscribers';

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

/** An event, and the trace of the request that publishes it. */
type TracedEvent = NewEvent & { traceContext: TraceContext | null };

interface Prepared {
  event: TracedEvent;
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

/**
 * Decides, as deliveries are stored, whether so many more travel together (platform/pressure.ts).
 */
export type TravelTogether = (count: number) => boolean;

/** The trace that is open as it is called; null: none is. */
export type CurrentTrace = () => TraceContext | null;

/** Events that a tenant publishes one by one at the same time share statements. */
export function createPublish(
  database: Database,
  {
    retryBaseMs,
    together = () => false,
    traceContext = () => null,
  }: { retryBaseMs: number; together?: TravelTogether; traceContext?: CurrentTrace },
): Publish {
  const subscribers = createSubscriberCache(database, { retryBaseMs });
  const singles = new LRUCache<string, (event: TracedEvent) => Promise<Outcome>>({
    max: mostTenants,
    memoMethod: (tenantId) =>
      createBatching({
        run: (events: readonly TracedEvent[]) => publishTogether(tenantId, events),
        most: mostTogether,
      }),
  });

  return async (tenantId, published, within) => {
    // Asked for now: a statement that requests share runs in the trace of one of them.
    const traced = traceContext();
    const events = published.map((event) => ({ ...event, traceContext: traced }));
    const [first, ...more] = events;
    const outcomes =
      first && more.length === 0 && !within
        ? [await singles.memo(tenantId)(first)]
        : await publishTogether(tenantId, events, within);
    return { results: outcomes.map(({ result }) => result), toStart: outcomes.flatMap(({ toStart }) => toStart) };
  };

  async function publishTogether(
    tenantId: string,
    events: readonly TracedEvent[],
    within?: Database,
  ): Promise<Outcome[]> {
    const remembered = subscribers.remembered(tenantId);
    if (remembered && isNamed(remembered, events)) {
      const outcomes = await publishTo(remembered, tenantId, events, { within, ifCurrent: true });
      if (outcomes) return outcomes;
    }
    // Read after all of these events were asked for: what is changed from now on need not be seen.
    const current = await subscribers.read(tenantId, within);
    return (await publishTo(current, tenantId, events, { within, ifCurrent: false })) ?? [];
  }

  /** Null: nothing happened, because `ifCurrent` was asked for and the tenant's webhooks are others by now. */
  async function publishTo(
    { webhooks, version }: Subscribers,
    tenantId: string,
    events: readonly TracedEvent[],
    { within = database, ifCurrent }: { within: Database | undefined; ifCurrent: boolean },
  ): Promise<Outcome[] | null> {
    const known = new Set(webhooks.map((webhook) => webhook.id));
    const acceptable = (event: TracedEvent) => event.webhookId === null || known.has(event.webhookId);

    const createdAt = new Date();
    const nextUid = idsAt(createdAt);
    const firsts = new Map<string, Prepared>();
    for (const event of events.filter(acceptable)) {
      if (firsts.has(event.eventId)) continue;
      firsts.set(event.eventId, prepare({ tenantId, uid: nextUid(), createdAt }, event, webhooks));
    }
    const prepared = [...firsts.values()];
    const mayTravel = prepared.flatMap((one) => one.deliveries).filter((d) => mayTravelTogether(d.contract));
    if (mayTravel.length > 0 && together(mayTravel.length)) for (const delivery of mayTravel) delivery.together = true;
    const onlyAt = ifCurrent ? { version } : null;
    const fresh = prepared.length > 0 ? await insert(tenantId, prepared, { within, onlyAt }) : new Set<string>();
    if (!fresh) return null;
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

  /**
   * One statement, so one transaction: keys, events and deliveries all or none. Returns the uids that were new; null,
   * with nothing stored, when the tenant's webhooks are not those of the version `onlyAt` any more.
   */
  async function insert(
    tenantId: string,
    prepared: Prepared[],
    { within, onlyAt }: { within: Database; onlyAt: { version: string | null } | null },
  ): Promise<Set<string> | null> {
    const { createdAt } = prepared[0] ?? { createdAt: new Date() };
    const deliveries = prepared.flatMap((one, index) =>
      one.deliveries.map(({ deliveryId, webhookId }) => ({ deliveryId, webhookId, event: index + 1 })),
    );
    const receivers = new Map(prepared.flatMap((one) => one.deliveries).map((one) => [one.webhookId, one]));
    const positions = new Map([...receivers.keys()].map((webhookId, index) => [webhookId, index + 1]));
    const bindings: Knex.RawBinding[] = [
      onlyAt === null,
      tenantId,
      onlyAt?.version ?? null,
      prepared.map((p) => p.event.eventId),
      arrayOf(prepared.map((p) => p.uid)),
      arrayOf(prepared.map((p) => p.digest.toString('hex'))),
      prepared.map((p) => p.event.type),
      prepared.map((p) => p.payloadJson),
      arrayOf(prepared.map((p) => p.event.occurredAt?.toISOString() ?? 'NULL')),
      arrayOf(prepared.map((p) => p.event.webhookId ?? 'NULL')),
      prepared.map((p) => p.event.channel ?? ''),
      prepared.map((p) => p.event.traceContext ?? ''),
      tenantId,
      createdAt,
      tenantId,
      createdAt,
      tenantId,
      createdAt,
      startGraceMs,
      createdAt,
      arrayOf(deliveries.map((d) => d.deliveryId)),
      arrayOf(deliveries.map((d) => d.event)),
      arrayOf(deliveries.map((d) => positions.get(d.webhookId) ?? 0)),
      arrayOf([...receivers.keys()]),
      [...receivers.values()].map((d) => d.contract),
      [...receivers.values()].map((d) => arrayOf(d.retrySchedule)),
      [...receivers.values()].map((d) => d.together === true),
    ];
    const { rows } = await within
      .raw<{ rows: { is_current: boolean; fresh: string[] }[] }>(
        `WITH seen AS (
         SELECT ?::boolean
             OR (SELECT version FROM webhook_versions WHERE tenant_id = ?) IS NOT DISTINCT FROM ?::uuid AS is_current
       ), input AS (
         SELECT input.*
         FROM seen, unnest(?::text[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::timestamptz[], ?::uuid[], ?::text[], ?::text[])
           WITH ORDINALITY AS input (event_id, uid, digest, type, payload, occurred_at, webhook_id, channel, trace, position)
         WHERE seen.is_current
       ), fresh AS (
         INSERT INTO event_keys (tenant_id, event_id, event_uid, content_digest, created_at)
         SELECT ?::uuid, event_id, uid, decode(digest, 'hex'), ?::timestamptz FROM input ORDER BY event_id
         ON CONFLICT (tenant_id, event_id) DO NOTHING
         RETURNING event_uid
       ), stored AS (
         INSERT INTO events (tenant_id, id, event_id, type, payload, occurred_at, webhook_id, channel, created_at)
         SELECT ?::uuid, uid, event_id, type, payload::json, occurred_at, webhook_id, nullif(channel, ''), ?::timestamptz
         FROM input JOIN fresh ON fresh.event_uid = input.uid
       ), fanned_out AS (
         INSERT INTO deliveries (tenant_id, id, event_uid, webhook_id, event_id, event_type, contract, retry_schedule,
                                 due_at, claimed_until, created_at, trace_context)
         SELECT ?::uuid, d.id, input.uid, receiver.id, input.event_id, input.type, receiver.contract,
                receiver.schedule::integer[], ?::timestamptz,
                CASE WHEN receiver.together THEN 'infinity' ELSE now() + ?::integer * interval '1 ms' END, ?::timestamptz,
                nullif(input.trace, '')
         FROM unnest(?::uuid[], ?::integer[], ?::integer[]) AS d (id, event, receiver)
         JOIN input ON input.position = d.event
         JOIN fresh ON fresh.event_uid = input.uid
         JOIN unnest(?::uuid[], ?::text[], ?::text[], ?::boolean[])
           WITH ORDINALITY AS receiver (id, contract, schedule, together, position)
           ON receiver.position = d.receiver
         RETURNING tenant_id, id, webhook_id, claimed_until
       ), queued AS (
         INSERT INTO burst_queue (tenant_id, delivery_id, webhook_id, not_before)
         SELECT tenant_id, id, webhook_id, now() FROM fanned_out WHERE claimed_until = 'infinity'
       )
       SELECT is_current, array(SELECT event_uid FROM fresh) AS fresh FROM seen`,
        bindings,
      )
      .options({ name: 'publish' });
    const [stored] = rows;
    return stored?.is_current ? new Set(stored.fresh) : null;
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
    event: TracedEvent,
    webhooks: Subscribers['webhooks'],
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
          retrySchedule: webhook.retrySchedule,
          traceContext: event.traceContext,
        })),
    };
  }
}

/** An array as PostgreSQL writes it, of what needs no quotes in it: ids, hexadecimal, numbers, times, NULL. */
const arrayOf = (values: readonly (string | number)[]) => `{${values.join(',')}}`;

/** Whether every webhook that an event names is among these. */
function isNamed({ webhooks }: Subscribers, events: readonly NewEvent[]): boolean {
  return events.every(({ webhookId }) => webhookId === null || webhooks.some(({ id }) => id === webhookId));
}
