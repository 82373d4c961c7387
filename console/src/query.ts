import { useLocation } from 'preact-iso/router';
import { withQuery } from './api';

/**
 * The query of the page's address, and a way to change it: null and '' remove a parameter. Filters live there, so that
 * a list can be bookmarked, sent to somebody and gone back to.
 */
export function useQuery(): [
  Record<string, string>,
  (patch: Record<string, string | null>, replace?: boolean) => void,
] {
  const { path, query, route } = useLocation();
  return [query, (patch, replace) => route(withQuery(path, { ...query, ...patch }), replace)];
}
