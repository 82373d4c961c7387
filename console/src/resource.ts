import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError, get, signedInEvent } from './api';

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

interface Options<T> {
  /** How often it is asked for again; never, unless said. */
  everySeconds?: number;
  /** How it is asked for; a function that stays the same. */
  ask?: (path: string, signal: AbortSignal) => Promise<T>;
}

/** How soon it is tried again after no answer, or one that may soon be another. */
const afterErrorSeconds = 4;

/**
 * Polls while the page is visible, and at once when it becomes visible or the network comes back. What failed for the
 * moment is tried again by itself, what was refused is not.
 * Data is dropped when the part of `path` before `?` changes: another object's data would be wrong, an older page is not.
 * @param path null: nothing is asked
 */
export function useResource<T>(path: string | null, { everySeconds, ask = get<T> }: Options<T> = {}): Resource<T> {
  const [state, setState] = useState<State<T>>({ path: null, loading: path !== null });
  const [asked, setAsked] = useState(0);
  const refresh = useCallback(() => setAsked((times) => times + 1), []);

  useEffect(() => {
    if (path === null) return setState({ path, loading: false });
    const stopped = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let underWay = false;
    let failed = false;

    const request = async () => {
      clearTimeout(timer);
      if (underWay) return;
      underWay = true;
      setState((old) => (samePlace(old.path, path) ? { ...old, path, loading: true } : { path, loading: true }));
      let nextSeconds = everySeconds;
      try {
        const data = await ask(path, stopped.signal);
        if (stopped.signal.aborted) return;
        failed = false;
        setState({ path, data, loading: false });
      } catch (caught) {
        if (stopped.signal.aborted) return;
        const error = asApiError(caught);
        failed = true;
        nextSeconds = error.isPassing ? Math.max(everySeconds ?? 0, afterErrorSeconds) : undefined;
        setState((old) => ({ ...old, error, loading: false }));
      } finally {
        underWay = false;
        if (nextSeconds && !stopped.signal.aborted && !document.hidden)
          timer = setTimeout(() => void request(), nextSeconds * 1000);
      }
    };
    const again = () => {
      if (document.hidden) clearTimeout(timer);
      else if (everySeconds || failed) void request();
    };
    document.addEventListener('visibilitychange', again);
    window.addEventListener('online', again);
    window.addEventListener(signedInEvent, again);
    void request();
    return () => {
      stopped.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
      window.removeEventListener('online', again);
      window.removeEventListener(signedInEvent, again);
    };
  }, [path, everySeconds, ask, asked]);

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
