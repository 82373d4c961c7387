import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../domain/event';
import type { ReadSchema, SchemaIssue } from '../domain/json-schema';
import { judgePayload } from '../domain/json-schema-judge';
import type { EventTypeStore, EventTypeVersion } from '../store/event-types';
import { createSchemaReader } from './schema-reader';

/** For each event what is wrong with its payload, in their order; null: the tenant has no such type. */
export type CheckOwnPayloads = (
  tenantId: string,
  events: readonly { type: string; payload: JsonObject }[],
) => Promise<(SchemaIssue[] | null)[]>;

/** How long one tenant's schemas may keep the process from everybody else's requests, but for a single payload. */
const sliceMs = 20;
/** Of schemas as JSON text; read they take some ten times as much. */
const cachedBytes = 8 * 1024 * 1024;

type Judge = (payload: JsonObject) => SchemaIssue[];

/** Checks payloads by the schemas of a tenant's own event types, which are read once a version. */
export function createOwnCheck(eventTypes: Pick<EventTypeStore, 'versions' | 'find'>): CheckOwnPayloads {
  const read = createSchemaReader();
  const judges = new LRUCache<string, Judge>({ max: 10_000, maxSize: cachedBytes });

  async function judgeOf(tenantId: string, { name, version }: EventTypeVersion): Promise<Judge | null> {
    const key = `${tenantId}/${name}/${version}`;
    const known = judges.get(key);
    if (known) return known;
    const type = await eventTypes.find(tenantId, name);
    if (!type) return null;
    const judge = type.schema ? toJudge(read(type.schema)) : () => [];
    const size = JSON.stringify(type.schema).length;
    judges.set(`${tenantId}/${name}/${type.updatedAt.getTime()}`, judge, { size });
    return judge;
  }

  return async (tenantId, events) => {
    const names = [...new Set(events.map(({ type }) => type))];
    const byName = new Map<string, Judge>();
    for (const version of await eventTypes.versions(tenantId, names)) {
      const judge = await judgeOf(tenantId, version);
      if (judge) byName.set(version.name, judge);
    }
    const results: (SchemaIssue[] | null)[] = [];
    let sliceEnd = Date.now() + sliceMs;
    for (const { type, payload } of events) {
      results.push(byName.get(type)?.(payload) ?? null);
      if (Date.now() < sliceEnd) continue;
      await yieldToOthers();
      sliceEnd = Date.now() + sliceMs;
    }
    return results;
  };
}

/** A schema that was taken once and is not any more, after an upgrade, lets nothing pass: better than everything. */
function toJudge(read: { schema: ReadSchema } | { issues: SchemaIssue[] }): Judge {
  if ('schema' in read) return (payload) => judgePayload(read.schema, payload);
  return () => [{ path: [], message: 'can not be checked: the schema of its type has to be replaced' }];
}
