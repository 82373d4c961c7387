import type { NewEvent } from '../domain/event';
import { newId } from '../domain/ids';
import type { Published } from '../store/events';
import type { ApiDependencies } from './dependencies';
import type { Issue } from './errors/api-error';
import { createPayloadCheck } from './payload-schemas';
import type { NewEventBody, PublishedEvent } from './schemas/event';

/** How far a publisher's clock may run ahead of ours. */
const clockAheadMs = 5 * 60_000;

/** What publishing one event came to, as the API tells it. */
export type Publication =
  | { status: 202; event: PublishedEvent }
  | { status: 409; detail: string }
  | { status: 422; detail: string; issues: Issue[] };

type Publish = (tenantId: string, events: readonly NewEventBody[]) => Promise<Publication[]>;

/** Publishes events that have the right shape: judges their content, stores them, hands them to the starter. */
export function createPublish({ events: store, starter }: Pick<ApiDependencies, 'events' | 'starter'>): Publish {
  const checkPayload = createPayloadCheck();

  function issuesOf({ type, payload, occurredAt }: NewEventBody): Issue[] {
    if (occurredAt && occurredAt.getTime() > Date.now() + clockAheadMs) {
      return [{ path: ['occurredAt'], message: 'must not be more than 5 minutes ahead' }];
    }
    return checkPayload(type, payload) ?? [{ path: ['type'], message: 'is not an event type' }];
  }

  return async (tenantId, bodies) => {
    const judged = bodies.map((body) => ({ body, issues: issuesOf(body) }));
    const acceptable = judged.filter(({ issues }) => issues.length === 0).map(({ body }) => toNewEvent(body));
    const { results, toStart } = await store.publish(tenantId, acceptable);
    await starter.enqueue(toStart);
    const stored = results[Symbol.iterator]();
    return judged.map(({ issues }) =>
      issues.length > 0 ? refusal(issues) : toPublication(stored.next().value as Published),
    );
  };
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
