import type { JsonObject, StoredEvent } from '../domain/event';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';
import { createPublish, type CurrentTrace, type TravelTogether } from './publish';

export type { Published } from './publish';

interface EventRow {
  tenant_id: string;
  id: string;
  event_id: string;
  type: string;
  payload: string | null;
  occurred_at: Date | null;
  webhook_id: string | null;
  channel: string | null;
  created_at: Date;
}

export type EventStore = ReturnType<typeof createEventStore>;

export function createEventStore(
  database: Database,
  options: { retryBaseMs: number; together?: TravelTogether; traceContext?: CurrentTrace },
) {
  return {
    publish: createPublish(database, options),

    /** An event by the publisher's id; its payload also as the JSON text that was stored. */
    async find(tenantId: string, eventId: string): Promise<(StoredEvent & { payloadJson: string | null }) | null> {
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
  return { ...toListedEvent(row), payload: row.payload === null ? null : (JSON.parse(row.payload) as JsonObject) };
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
