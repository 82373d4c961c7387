import { useCallback, useEffect, useState } from 'preact/hooks';
import { get, withQuery, type ApiError } from '../../api';
import { asApiError, type Resource } from '../../resource';
import type { EventType } from './types';

/** The whole catalogue, page after page: it is searched here, and is at most a thousand types of a tenant's own. */
export function useCatalogue(): Resource<EventType[]> {
  const [data, setData] = useState<EventType[]>();
  const [error, setError] = useState<ApiError>();
  const [asked, setAsked] = useState(0);
  const refresh = useCallback(() => setAsked((times) => times + 1), []);
  useEffect(() => {
    const stopped = new AbortController();
    readAll(stopped.signal).then(
      (types) => {
        if (stopped.signal.aborted) return;
        setData(types);
        setError(undefined);
      },
      (caught: unknown) => stopped.signal.aborted || setError(asApiError(caught)),
    );
    return () => stopped.abort();
  }, [asked]);
  return { data, error, loading: data === undefined && error === undefined, refresh };
}

async function readAll(signal: AbortSignal): Promise<EventType[]> {
  const types: EventType[] = [];
  let cursor: string | null = null;
  do {
    const path: string = withQuery('/api/v1/event-types', { limit: 250, cursor });
    const page: { data: EventType[]; nextCursor: string | null } = await get(path, signal);
    types.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return types;
}
