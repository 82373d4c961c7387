import type { z } from 'zod';
import { eventCatalogue, findEventType } from '../../domain/event-catalogue';
import { maxTypeName, ownTypeName } from '../../domain/event-type';
import { judgePayload } from '../../domain/json-schema-judge';
import { InvalidCursor } from '../../store/cursor';
import type { ApiDependencies } from '../dependencies';
import { conflict, invalid, notFound, type Issue } from '../errors/api-error';
import type { RateLimits } from '../middleware/rate-limits';
import { presentEventType, presentOwnEventType } from '../presenters/event-type';
import { auditEntry, route, type Route } from '../route';
import { createSchemaReader, readFor } from '../schema-reader';
import * as schemas from '../schemas/event-type';

const tag = 'Events';
/** Of one tenant. */
const maxOwnTypes = 1_000;

export function eventTypeRoutes({ eventTypes }: Pick<ApiDependencies, 'eventTypes'>, limits: RateLimits): Route[] {
  const read = createSchemaReader();

  /** The schema must be one that payloads can be judged by, and the example a payload. @throws ApiError 400, 429 */
  async function checkContent(
    tenantId: string,
    { schema, example }: z.infer<typeof schemas.eventTypeBody>,
  ): Promise<void> {
    if (!schema) return;
    const result = await readFor(tenantId, schema, { read, budget: limits.checking });
    const issues = 'issues' in result ? result.issues : example ? judgePayload(result.schema, example).issues : [];
    const key = 'issues' in result ? 'schema' : 'example';
    const found = issues.map(({ path, message }): Issue => ({ path: [key, ...path], message }));
    if (found.length > 0) throw invalid(found);
  }

  /** A page of the whole catalogue: built-in types as they are listed there, then the tenant's own by name. */
  async function list(tenantId: string, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const passed = eventCatalogue.findIndex(({ name }) => name === after);
    const isAmongOwn = after !== null && passed < 0;
    const builtIn = isAmongOwn ? [] : eventCatalogue.slice(passed + 1).map(presentEventType);
    const own = await eventTypes.list(tenantId, { after: isAmongOwn ? after : null, limit: limit + 1 });
    const found = [...builtIn, ...own.map(presentOwnEventType)];
    const data = found.slice(0, limit);
    return { data, nextCursor: found.length > limit ? encodeCursor(data.at(-1)?.name ?? '') : null };
  }

  return [
    route({
      method: 'get',
      path: '/api/v1/event-types',
      tag,
      operationId: 'listEventTypes',
      summary: 'The catalogue: built-in event types, then your own by name',
      access: 'any',
      query: schemas.eventTypeListQuery,
      responses: { 200: { description: 'A page of the catalogue', schema: schemas.eventTypePage } },
      handle: async ({ caller, query }) => ({ status: 200, body: await list(caller.tenantId, query) }),
    }),

    route({
      method: 'get',
      path: '/api/v1/event-types/{name}',
      tag,
      operationId: 'getEventType',
      summary: 'Read an event type, by its name or an alias',
      access: 'any',
      params: schemas.eventTypeParams,
      responses: { 200: { description: 'The event type', schema: schemas.eventType } },
      async handle({ caller, params: { name = '' } }) {
        const builtIn = findEventType(name);
        if (builtIn) return { status: 200, body: presentEventType(builtIn) };
        const own = isOwnName(name) ? await eventTypes.find(caller.tenantId, name) : null;
        if (!own) throw notFound();
        return { status: 200, body: presentOwnEventType(own) };
      },
    }),

    route({
      method: 'put',
      path: '/api/v1/event-types/{name}',
      tag,
      operationId: 'putEventType',
      summary: 'Make or replace an event type of your own',
      description:
        'Names are parts of `a-z A-Z 0-9 _` between full stops. The next event that is published is judged by the new ' +
        'schema; those that are stored are delivered as they are.',
      access: 'webhooks:write',
      write: true,
      params: schemas.eventTypeParams,
      body: schemas.eventTypeBody,
      responses: {
        200: { description: 'Replaced', schema: schemas.eventType },
        201: { description: 'Made', schema: schemas.eventType },
      },
      errors: [409],
      async handle(request) {
        const { body, caller } = request;
        const { name = '' } = request.params;
        if (findEventType(name)) throw conflict('A built-in event type can not be redefined.');
        checkName(name);
        await checkContent(caller.tenantId, body);
        const { description, schema = null, example = null } = body;
        const entry = auditEntry(request, 'event_type.put', Object.keys(body));
        const put = await eventTypes.put(caller.tenantId, { name, description, schema, example }, maxOwnTypes, entry);
        if (put.kind === 'too_many') throw conflict(`There are ${maxOwnTypes} event types already.`);
        return {
          status: put.kind === 'created' ? 201 : 200,
          ...(put.kind === 'created' && { headers: { Location: `/api/v1/event-types/${name}` } }),
          body: presentOwnEventType(put.type),
        };
      },
    }),

    route({
      method: 'delete',
      path: '/api/v1/event-types/{name}',
      tag,
      operationId: 'deleteEventType',
      summary: 'Remove an event type of your own',
      description:
        'Refused while a webhook, enabled or not, subscribes to it by name. Events of the type stay, and are delivered.',
      access: 'webhooks:write',
      write: true,
      params: schemas.eventTypeParams,
      responses: { 204: { description: 'Removed' } },
      errors: [409],
      async handle(request) {
        const { name = '' } = request.params;
        if (findEventType(name)) throw conflict('A built-in event type can not be removed.');
        if (!isOwnName(name)) throw notFound();
        const entry = auditEntry(request, 'event_type.delete');
        const removed = await eventTypes.remove(request.caller.tenantId, name, entry);
        if (removed === 'unknown') throw notFound();
        if (removed === 'subscribed') throw conflict('A webhook subscribes to this event type.');
        return { status: 204 };
      },
    }),
  ];
}

const isOwnName = (name: string) => ownTypeName.test(name) && name.length <= maxTypeName;

/** @throws ApiError 400 */
function checkName(name: string): void {
  if (isOwnName(name)) return;
  const message = `must be parts of a-z A-Z 0-9 _ between full stops, ${maxTypeName} characters at most`;
  throw invalid([{ path: ['name'], message }], 'The name is not valid.');
}

/** The cursor is the name that the page before ended with; also when the type is gone by now. */
const encodeCursor = (name: string) => Buffer.from(name).toString('base64url');

/** @throws InvalidCursor */
function decodeCursor(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString();
  const isName = eventCatalogue.some((type) => type.name === name) || isOwnName(name);
  if (!isName || encodeCursor(name) !== cursor) throw new InvalidCursor('the cursor is not one of this list');
  return name;
}
