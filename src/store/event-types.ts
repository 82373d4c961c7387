import type { JsonObject } from '../domain/event';
import type { AuditStore, NewAuditEntry } from './audit';
import type { Database } from './database';

/** An event type that a tenant made, beside the built-in ones. */
export interface OwnEventType {
  name: string;
  description: string;
  /** Null: every object is a payload. */
  schema: JsonObject | null;
  example: JsonObject | null;
  createdAt: Date;
  updatedAt: Date;
}

export type NewEventType = Pick<OwnEventType, 'name' | 'description' | 'schema' | 'example'>;

/** Tells whether a schema that was read before is still the one: grows with every change of a type. */
export interface EventTypeVersion {
  name: string;
  version: number;
}

interface EventTypeRow {
  name: string;
  description: string;
  schema: string | null;
  example: string | null;
  created_at: Date;
  updated_at: Date;
}

const toEventType = (row: EventTypeRow): OwnEventType => ({
  name: row.name,
  description: row.description,
  schema: row.schema === null ? null : (JSON.parse(row.schema) as JsonObject),
  example: row.example === null ? null : (JSON.parse(row.example) as JsonObject),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export type EventTypeStore = ReturnType<typeof createEventTypeStore>;

export function createEventTypeStore(database: Database, audit: AuditStore) {
  const ofTenant = (tenantId: string, within: Database = database) =>
    within('event_types').where({ tenant_id: tenantId });

  /** A name sorts by its bytes, whatever the collation of the database: a cursor must not depend on that. */
  const byName = 'name COLLATE "C"';

  async function find(tenantId: string, name: string): Promise<OwnEventType | null> {
    const row = await ofTenant(tenantId).where({ name }).first<EventTypeRow | undefined>();
    return row ? toEventType(row) : null;
  }

  return {
    /** Makes a type or replaces it; at most `limit` a tenant. */
    async put(
      tenantId: string,
      type: NewEventType,
      limit: number,
      entry: Omit<NewAuditEntry, 'objectId'>,
    ): Promise<{ kind: 'created' | 'replaced'; type: OwnEventType } | { kind: 'too_many' }> {
      return database.transaction(async (within) => {
        const now = new Date();
        // Two that make the last type allowed wait for each other here.
        await within.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [`event-types/${tenantId}`]);
        const known = await ofTenant(tenantId, within).where({ name: type.name }).first<EventTypeRow | undefined>();
        if (!known) {
          const [counted] = await ofTenant(tenantId, within).count<{ count: number }[]>('* as count');
          if ((counted?.count ?? 0) >= limit) return { kind: 'too_many' };
        }
        const content = {
          description: type.description,
          schema: type.schema && JSON.stringify(type.schema),
          example: type.example && JSON.stringify(type.example),
          // Later than before even within a millisecond, and with a clock that was set back.
          updated_at: new Date(Math.max(now.getTime(), (known?.updated_at.getTime() ?? 0) + 1)),
        };
        const [row] = await within('event_types')
          .insert({ tenant_id: tenantId, name: type.name, created_at: now, ...content })
          .onConflict(['tenant_id', 'name'])
          .merge(content)
          .returning<EventTypeRow[]>('*');
        if (!row) throw new Error('upsert returned no event type');
        await audit.append({ ...entry, objectId: type.name }, within);
        return { kind: known ? 'replaced' : 'created', type: toEventType(row) };
      });
    },

    find,

    /** In the order of their names, from the one that follows `after`. */
    async list(tenantId: string, { after, limit }: { after: string | null; limit: number }): Promise<OwnEventType[]> {
      const rows = await ofTenant(tenantId)
        .modify((q) => {
          if (after !== null) void q.whereRaw(`${byName} > ?`, [after]);
        })
        .orderByRaw(byName)
        .limit(limit)
        .select<EventTypeRow[]>('*');
      return rows.map(toEventType);
    },

    /** The first by name that `wanted` picks, looking at names only. */
    async findFirst(tenantId: string, wanted: (name: string) => boolean): Promise<OwnEventType | null> {
      const rows = await ofTenant(tenantId).orderByRaw(byName).select<{ name: string }[]>('name');
      const first = rows.find(({ name }) => wanted(name));
      return first ? find(tenantId, first.name) : null;
    },

    /** Those of `names` that there are. */
    async versions(tenantId: string, names: readonly string[]): Promise<EventTypeVersion[]> {
      const rows = await ofTenant(tenantId)
        .whereIn('name', names)
        .select<{ name: string; updated_at: Date }[]>('name', 'updated_at');
      return rows.map((row) => ({ name: row.name, version: row.updated_at.getTime() }));
    },

    /**
     * Those of `names` that there are, and stay until the transaction `within` ends: somebody who subscribes to them
     * and somebody who removes one see each other.
     */
    async hold(tenantId: string, names: readonly string[], within: Database): Promise<Set<string>> {
      const rows = await ofTenant(tenantId, within)
        .whereIn('name', names)
        .orderByRaw(byName)
        .forKeyShare()
        .select<{ name: string }[]>('name');
      return new Set(rows.map(({ name }) => name));
    },

    /** Not while a webhook subscribes to exactly this name. Events of the type stay, and are delivered. */
    async remove(
      tenantId: string,
      name: string,
      entry: Omit<NewAuditEntry, 'objectId'>,
    ): Promise<'removed' | 'unknown' | 'subscribed'> {
      return database.transaction(async (within) => {
        const row = await ofTenant(tenantId, within).where({ name }).forUpdate().first<EventTypeRow | undefined>();
        if (!row) return 'unknown';
        const subscriber = await within('webhooks')
          .where({ tenant_id: tenantId })
          .whereNull('deleted_at')
          .whereRaw('? = ANY (events)', [name])
          .first<{ id: string } | undefined>('id');
        if (subscriber) return 'subscribed';
        await ofTenant(tenantId, within).where({ name }).delete();
        await audit.append({ ...entry, objectId: name }, within);
        return 'removed';
      });
    },
  };
}
