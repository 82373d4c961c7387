import type { RequestedApi } from './credential';

/** How a tenant's APIs map to scopes of its user pool (decision S0-5). */
export interface ScopeMap {
  /** API id to `<resource server>/<scope>`. */
  byApi: Readonly<Record<string, string>>;
  /** For a request without APIs. */
  defaults: readonly string[];
}

/** The scopes that `apis` come to, each once, or the ids of the APIs that nobody mapped. */
export function scopesOf(
  apis: readonly RequestedApi[],
  map: ScopeMap,
): { kind: 'scopes'; scopes: string[] } | { kind: 'unmapped'; apiIds: string[] } {
  if (apis.length === 0) return { kind: 'scopes', scopes: [...new Set(map.defaults)].sort() };
  const unmapped = apis.filter(({ id }) => !Object.hasOwn(map.byApi, id)).map(({ id }) => id);
  if (unmapped.length > 0) return { kind: 'unmapped', apiIds: unmapped };
  return { kind: 'scopes', scopes: [...new Set(apis.map(({ id }) => map.byApi[id] ?? ''))].sort() };
}

/** `<resource server>/<scope>` in its two parts; an identifier of a resource server may contain slashes itself. */
export function splitScope(scope: string): { resourceServer: string; name: string } | null {
  const slash = scope.lastIndexOf('/');
  if (slash < 1 || slash === scope.length - 1) return null;
  return { resourceServer: scope.slice(0, slash), name: scope.slice(slash + 1) };
}
