import { consentIdOf, isReservedForConsents } from '../domain/consent/id';
import type { NewEvent } from '../domain/event';
import { findEventType } from '../domain/event-catalogue';
import { newId } from '../domain/ids';
import type { SchemaIssue } from '../domain/json-schema';
import { isReservedForOperations } from '../domain/operational-events';
import type { Published } from '../store/events';
import type { ApiDependencies } from './dependencies';
import type { Issue } from './errors/api-error';
import type { CheckingBudget } from './middleware/rate-limits';
import { createBuiltInCheck } from './payload-schemas';
import { createOwnCheck } from './own-payload-schemas';
import type { NewEventBody, PublishedEvent } from './schemas/event';

/** How far a publisher's clock may run ahead of ours. */
const clockAheadMs = 5 * 60_000;

/** What publishing one event came to, as the API tells it. */
export type Publication =
  | { status: 202; event: PublishedEvent }
  | { status: 409; detail: string }
  | { status: 422; detail: string; issues: Issue[] };

/** @throws ApiError 429, with nothing stored, when checking takes more time than the tenant has left */
type Publish = (tenantId: string, events: readonly NewEventBody[]) => Promise<Publication[]>;

/** Publishes events that have the right shape: judges their content, stores them, hands them to the starter. */
export function createPublish(
  {
    events: store,
    eventTypes,
    starter,
    tracing,
  }: Pick<ApiDependencies, 'events' | 'eventTypes' | 'starter' | 'tracing'>,
  checking: CheckingBudget,
): Publish {
  const checkBuiltIn = createBuiltInCheck();
  const checkOwn = createOwnCheck(eventTypes, checking);

  /** What is wrong with each event, in their order. Only types of the tenant's own are looked up. */
  async function judge(tenantId: string, bodies: readonly NewEventBody[]): Promise<Issue[][]> {
    const builtIn = bodies.map(({ type, payload }) => checkBuiltIn(type, payload));
    const others = bodies.filter((_, index) => builtIn[index] === null);
    const own = (others.length > 0 ? await checkOwn(tenantId, others) : [])[Symbol.iterator]();
    return bodies.map((body, index) => issuesOf(body, builtIn[index] ?? (own.next().value as SchemaIssue[] | null)));
  }

  return async (tenantId, published) => {
    const bodies = published.map((body) => ({ ...body, type: findEventType(body.type)?.name ?? body.type }));
    const issues = await judge(tenantId, bodies);
    const acceptable = bodies.filter((_, index) => issues[index]?.length === 0).map(toNewEvent);
    const { results, toStart } = await tracing.inSpan({ name: 'publish', kind: 'producer' }, (span) => {
      span.set({ 'everhook.events': acceptable.length });
      return store.publish(tenantId, acceptable);
    });
    await starter.enqueue(toStart);
    const stored = results[Symbol.iterator]();
    return issues.map((found) => (found.length > 0 ? refusal(found) : toPublication(stored.next().value as Published)));
  };
}

/** @param ofPayload what is wrong with the payload; null: there is no such event type */
function issuesOf({ id, occurredAt }: NewEventBody, ofPayload: SchemaIssue[] | null): Issue[] {
  if (id !== undefined && isReservedForConsents(id)) {
    return [{ path: ['id'], message: `must not begin with ${consentIdOf('')}: ids of consents' own events do` }];
  }
  if (id !== undefined && isReservedForOperations(id)) {
    return [{ path: ['id'], message: "must not begin as ids of Everhook's own events do" }];
  }
  if (occurredAt && occurredAt.getTime() > Date.now() + clockAheadMs) {
    return [{ path: ['occurredAt'], message: 'must not be more than 5 minutes ahead' }];
  }
  if (!ofPayload) return [{ path: ['type'], message: 'is not an event type' }];
  return ofPayload.map(({ path, message }) => ({ path: ['payload', ...path], message }));
}

function toNewEvent(body: NewEventBody): NewEvent {
  return {
    eventId: body.id ?? newId(),
    type: body.type,
    payload: body.payload,
    occurredAt: body.occurredAt ?? null,
    webhookId: body.webhookId ?? null,
    channel: body.channel ?? null,
  };
}

function toPublication(published: Published): Publication {
  switch (published.kind) {
    case 'stored': {
      const { eventId: id, type, duplicate, deliveries } = published;
      return { status: 202, event: { id, type, duplicate, deliveries } };
    }
    case 'conflict':
      return { status: 409, detail: 'An event with this id and other content was published before.' };
    case 'unknown_webhook':
      return refusal([{ path: ['webhookId'], message: 'is not a webhook' }]);
  }
}

const refusal = (issues: Issue[]): Publication => ({ status: 422, detail: 'The event can not be published.', issues });
