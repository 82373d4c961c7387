import type { ApiDependencies } from '../dependencies';
import { conflict, malformed, notFound, unprocessable } from '../errors/api-error';
import { toPointer } from '../errors/problem';
import type { RateLimits } from '../middleware/rate-limits';
import { presentEvent, presentListedEvent } from '../presenters/event';
import { createPublish, type Publication } from '../publishing';
import { route, type Route } from '../route';
import * as schemas from '../schemas/event';

const tag = 'Events';
/** 1000 events of 5 KiB. */
const batchLimit = 5 * 1024 * 1024;

export function eventRoutes(dependencies: ApiDependencies, limits: RateLimits): Route[] {
  const { events } = dependencies;
  const publish = createPublish(dependencies, limits.checking);

  return [
    route({
      method: 'post',
      path: '/api/v1/events',
      tag,
      operationId: 'publishEvent',
      summary: 'Publish an event',
      description:
        'Stored when answered; delivered to every enabled webhook that subscribes to its type. The same `id` and content ' +
        'again is the same event: nothing is sent twice. Numbers that a double can not hold exactly are refused.',
      access: 'events:publish',
      body: schemas.newEvent,
      requestHeaders: schemas.publishHeaders,
      responses: { 202: { description: 'Stored', schema: schemas.publishedEvent } },
      errors: [409, 422],
      async handle({ caller, body, headers }) {
        const event = withIdempotencyKey(body, headers['idempotency-key']);
        await limits.events(caller.tenantId, 1);
        const [publication] = await publish(caller.tenantId, [event]);
        if (publication?.status === 202) return { status: 202, body: publication.event };
        if (publication?.status === 422) throw unprocessable(publication.issues, publication.detail);
        throw conflict(publication?.detail ?? '');
      },
    }),

    route({
      method: 'post',
      path: '/api/v1/events/batch',
      tag,
      operationId: 'publishEvents',
      summary: 'Publish up to 1000 events in one transaction',
      description:
        'A body up to 5 MiB, each payload up to 256 KiB. `results` are in the order of `events`; one that is refused does not keep the others from ' +
        'being stored, but a body that is not of this shape stores nothing, and neither does one whose payloads take ' +
        'longer to check against your own schemas than you have time left for that (429).',
      access: 'events:publish',
      body: schemas.newEventBatch,
      bodyLimit: batchLimit,
      responses: { 202: { description: 'One result an event', schema: schemas.batchResults } },
      async handle({ caller, body, headers }) {
        if (headers['idempotency-key'] !== undefined) {
          throw malformed('Idempotency-Key can not stand for a whole batch: give each event an id.');
        }
        await limits.events(caller.tenantId, body.events.length);
        const publications = await publish(caller.tenantId, body.events);
        const results = publications.map((publication, index) => batchResult(publication, body.events[index]?.id));
        return { status: 202, body: { results } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/events',
      tag,
      operationId: 'listEvents',
      summary: 'List events, newest first',
      access: 'deliveries:read',
      query: schemas.eventListQuery,
      responses: { 200: { description: 'A page, without payloads', schema: schemas.eventPage } },
      async handle({ caller, query }) {
        const page = await events.list(caller.tenantId, query);
        return { status: 200, body: { ...page, data: page.data.map(presentListedEvent) } };
      },
    }),

    route({
      method: 'get',
      path: '/api/v1/events/{id}',
      tag,
      operationId: 'getEvent',
      summary: 'Read an event with its payload',
      access: 'deliveries:read',
      params: schemas.eventParams,
      responses: { 200: { description: 'The event', schema: schemas.shownEvent } },
      async handle({ caller, params }) {
        const event = await events.find(caller.tenantId, params.id ?? '');
        if (!event) throw notFound();
        return { status: 200, body: presentEvent(event) };
      },
    }),
  ];
}

/** The header is an alternative to `id`. @throws ApiError 400 for a malformed one, or when both say different things */
function withIdempotencyKey(body: schemas.NewEventBody, header: string | string[] | undefined): schemas.NewEventBody {
  if (header === undefined) return body;
  const { success, data: key } = schemas.eventId.safeParse(header);
  if (!success) throw malformed('Idempotency-Key must be 1 to 128 characters of A-Z a-z 0-9 _ - :');
  if (body.id !== undefined && body.id !== key) throw malformed('Idempotency-Key and id differ.');
  return { ...body, id: key };
}

function batchResult(publication: Publication, id: string | undefined): schemas.BatchResult {
  if (publication.status === 202) return { ...publication.event, status: 202 };
  const issues = publication.status === 422 ? publication.issues : [];
  const errors = issues.map(({ path, message }) => ({ pointer: toPointer(path), message }));
  return { id: id ?? null, status: publication.status, detail: publication.detail, errors };
}
