import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../domain/event';
import type { ReadSchema, SchemaIssue } from '../domain/json-schema';
import { judgePayload, type Judgement } from '../domain/json-schema-judge';
import type { EventTypeStore, EventTypeVersion } from '../store/event-types';
import type { CheckingBudget } from './middleware/rate-limits';
import { createSchemaReader, readFor } from './schema-reader';

/**
 * For each event what is wrong with its payload, in their order; null: the tenant has no such type.
 *
 * @throws ApiError 429 as soon as the tenant's time for it is used up
 */
export type CheckOwnPayloads = (
  tenantId: string,
  events: readonly { type: string; payload: JsonObject }[],
) => Promise<(SchemaIssue[] | null)[]>;

/** How long one tenant's schemas may keep the process from everybody else's requests, but for a single payload. */
const sliceMs = 5;
/** Of each payload; what goes beyond is paid for. */
const freeMs = 1;
/** The longest that a step takes: what is beyond the sum is time that the process was kept waiting. */
const stepMs = 0.002;
/** Of schemas as JSON text; read they take some ten times as much. */
const cachedBytes = 8 * 1024 * 1024;

type Judge = (payload: JsonObject) => Judgement;

/** Checks payloads by the schemas of a tenant's own event types, which are read once a version. */
export function createOwnCheck(
  eventTypes: Pick<EventTypeStore, 'versions' | 'find'>,
  budget: CheckingBudget,
): CheckOwnPayloads {
  const read = createSchemaReader();
  let lastTurn: Promise<void> = Promise.resolve();
  const judges = new LRUCache<string, Judge>({ max: 10_000, maxSize: cachedBytes });

  async function judgeOf(tenantId: string, { name, version }: EventTypeVersion): Promise<Judge | null> {
    const key = `${tenantId}/${name}/${version}`;
    const known = judges.get(key);
    if (known) return known;
    const type = await eventTypes.find(tenantId, name);
    if (!type) return null;
    const { schema } = type;
    const judge = schema ? toJudge(await readFor(tenantId, schema, { read, budget })) : anything;
    const size = JSON.stringify(schema).length;
    judges.set(`${tenantId}/${name}/${type.updatedAt.getTime()}`, judge, { size });
    return judge;
  }

  /** Lets everybody else go on, and however many batches are checked, one slice of one batch at a time. */
  function nextTurn(): Promise<void> {
    lastTurn = lastTurn.then(() => yieldToOthers());
    return lastTurn;
  }

  /** One payload, paid for. */
  async function check(tenantId: string, judge: Judge, payload: JsonObject): Promise<SchemaIssue[]> {
    const started = performance.now();
    const { issues, steps } = judge(payload);
    const ms = Math.min(performance.now() - started, steps * stepMs) - freeMs;
    if (ms > 0) await budget.charge(tenantId, ms);
    return issues;
  }

  return async (tenantId, events) => {
    const names = [...new Set(events.map(({ type }) => type))];
    const byName = new Map<string, Judge>();
    for (const version of await eventTypes.versions(tenantId, names)) {
      const judge = await judgeOf(tenantId, version);
      if (judge) byName.set(version.name, judge);
    }
    await budget.check(tenantId);
    const results: (SchemaIssue[] | null)[] = [];
    let sliceEnd = Date.now() + sliceMs;
    for (const { type, payload } of events) {
      const judge = byName.get(type);
      results.push(judge ? await check(tenantId, judge, payload) : null);
      if (Date.now() < sliceEnd) continue;
      await nextTurn();
      sliceEnd = Date.now() + sliceMs;
    }
    return results;
  };
}

const anything: Judge = () => ({ issues: [], steps: 0 });

/** A schema that was taken once and is not any more, after an upgrade, lets nothing pass: better than everything. */
function toJudge(read: { schema: ReadSchema } | { issues: SchemaIssue[] }): Judge {
  if ('schema' in read) return (payload) => judgePayload(read.schema, payload);
  const issues = [{ path: [], message: 'can not be checked: the schema of its type has to be replaced' }];
  return () => ({ issues, steps: 0 });
}
