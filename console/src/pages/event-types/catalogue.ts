import { get, withQuery } from '../../api';
import type { List } from '../../api-types';
import { useResource, type Resource } from '../../resource';
import type { EventType } from './types';

/** The whole catalogue: it is searched here, and is at most a thousand types of a tenant's own. */
export function useCatalogue(): Resource<EventType[]> {
  return useResource('/api/v1/event-types', { ask: readAll });
}

/** Page after page. */
async function readAll(path: string, signal: AbortSignal): Promise<EventType[]> {
  const types: EventType[] = [];
  let cursor: string | null = null;
  do {
    const page: List<EventType> = await get(withQuery(path, { limit: 250, cursor }), signal);
    types.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return types;
}
