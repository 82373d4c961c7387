import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from './api';

/** What a GET answers, kept fresh. */
export interface Resource<T> {
  /** The last answer. Kept while the next one is on its way, and when it fails. */
  data: T | undefined;
  /** Of the last request; undefined once one succeeds. */
  error: ApiError | undefined;
  /** A request is on its way. */
  loading: boolean;
  /** Asks now. */
  refresh(): void;
}

interface State<T> {
  path: string | null;
  data?: T;
  error?: ApiError;
  loading: boolean;
}

/**
 * Polls while the page is visible, and at once when it becomes visible again.
 * Data is dropped when the part of `path` before `?` changes: another object's data would be wrong, an older page is not.
 * @param path null: nothing is asked
 */
export function useResource<T>(path: string | null, { everySeconds }: { everySeconds?: number } = {}): Resource<T> {
  const [state, setState] = useState<State<T>>({ path: null, loading: path !== null });
  const [asked, setAsked] = useState(0);
  const refresh = useCallback(() => setAsked((times) => times + 1), []);
  const latest = useRef(path);
  latest.current = path;

  useEffect(() => {
    if (path === null) return setState({ path, loading: false });
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let underWay = false;

    const ask = async () => {
      clearTimeout(timer);
      if (underWay) return;
      underWay = true;
      setState((old) => (samePlace(old.path, path) ? { ...old, path, loading: true } : { path, loading: true }));
      try {
        const data = await get<T>(path, stopped.signal);
        if (!stopped.signal.aborted) setState({ path, data, loading: false });
      } catch (error) {
        if (stopped.signal.aborted) return;
        setState((old) => ({ ...old, error: asApiError(error), loading: false }));
      } finally {
        underWay = false;
        if (everySeconds && !stopped.signal.aborted && !document.hidden)
          timer = setTimeout(() => void ask(), everySeconds * 1000);
      }
    };
    const shown = () => {
      if (document.hidden) clearTimeout(timer);
      else if (everySeconds) void ask();
    };
    document.addEventListener('visibilitychange', shown);
    void ask();
    return () => {
      stopped.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
    };
  }, [path, everySeconds, asked]);

  // Before the effect runs, the state is still that of the path before.
  const usable = path !== null && samePlace(state.path, path);
  return {
    data: usable ? state.data : undefined,
    error: usable ? state.error : undefined,
    loading: path !== null && (state.loading || state.path !== path),
    refresh,
  };
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'Unexpected', String(error));
}

function samePlace(one: string | null, other: string): boolean {
  return one !== null && one.split('?')[0] === other.split('?')[0];
}
