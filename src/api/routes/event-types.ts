import { eventCatalogue } from '../../domain/event-catalogue';
import { InvalidCursor } from '../../store/cursor';
import { route, type Route } from '../route';
import { eventTypeListQuery, eventTypePage } from '../schemas/event';

export function eventTypeRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/event-types',
      tag: 'Events',
      operationId: 'listEventTypes',
      summary: 'The catalogue of event types',
      access: 'any',
      query: eventTypeListQuery,
      responses: { 200: { description: 'A page of the catalogue', schema: eventTypePage } },
      handle: ({ query }) => Promise.resolve({ status: 200, body: pageOfCatalogue(query) }),
    }),
  ];
}

/** The cursor is the name that the page before ended with. */
function pageOfCatalogue({ limit, cursor }: { limit: number; cursor?: string | undefined }) {
  const name = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
  const from = name === undefined ? 0 : eventCatalogue.findIndex((type) => type.name === name) + 1;
  if (name !== undefined && from === 0) throw new InvalidCursor('the cursor is not one of this list');
  const data = eventCatalogue.slice(from, from + limit);
  const last = from + limit < eventCatalogue.length ? data.at(-1) : undefined;
  return { data, nextCursor: last ? Buffer.from(last.name).toString('base64url') : null };
}
