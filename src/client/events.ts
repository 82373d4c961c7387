import type { AnswerOf, BodyOf, Caller, QueryOf } from './operation';
import type { CallOptions } from './send';

type NewEvent = BodyOf<'publishEvent'>;
type Result = AnswerOf<'publishEvents'>['results'][number];

/** Events: published once, however often the request has to be sent. */
export function createEvents({ call, list }: Caller) {
  return {
    /**
     * Stores an event, which is then delivered whatever happens. One without an id gets one here, so that a publish whose
     * answer was lost can be sent again and is still one event. With an id of yours, `duplicate` in the answer says that
     * it was stored before: by an earlier call, or by an earlier try of this one.
     */
    async publish(event: NewEvent, options?: CallOptions): Promise<AnswerOf<'publishEvent'>> {
      const body = withId(event);
      const answer = await call('publishEvent', { body, isRepeatable: true }, options);
      return event.id === undefined ? { ...answer, duplicate: false } : answer;
    },

    /**
     * Up to 1000 events in one transaction; `results` are in their order, and one that is refused does not keep the others
     * from being stored. Ids as in {@link publish}.
     */
    async publishBatch(events: readonly NewEvent[], options?: CallOptions): Promise<AnswerOf<'publishEvents'>> {
      const body = { events: events.map(withId) };
      const { results } = await call('publishEvents', { body, isRepeatable: true }, options);
      const settled = (result: Result, index: number): Result =>
        result.status === 202 && events[index]?.id === undefined ? { ...result, duplicate: false } : result;
      return { results: results.map(settled) };
    },

    /** Newest first, without payloads. */
    list: (query?: QueryOf<'listEvents'>, options?: CallOptions) => list('listEvents', query, options),

    /** With its payload; null once it is no longer kept. */
    get: (id: string, options?: CallOptions) => call('getEvent', { path: { id } }, options),
  };
}

const withId = (event: NewEvent): NewEvent => ({ ...event, id: event.id ?? crypto.randomUUID() });
