import { eventCatalogue, findEventType } from '../domain/event-catalogue';
import type { JsonObject } from '../domain/event';
import { isWildcard, matchesType } from '../domain/subscription';
import type { Contract, Webhook } from '../domain/webhook';
import type { Database } from '../store/database';
import type { EventTypeStore } from '../store/event-types';
import type { Issue } from './errors/api-error';

/** Names of the built-in event types that webhooks of a contract may get: Everhook's own all, others theirs. */
export function subscribableTypes(contract: Contract): string[] {
  return eventCatalogue
    .filter((type) => contract === 'everhook' || type.contract === contract)
    .map((type) => type.name);
}

/** What a webhook subscribes to, as it is stored: aliases by their names, nothing twice. */
export const canonicalEvents = (names: readonly string[]): string[] => [
  ...new Set(names.map((name) => findEventType(name)?.name ?? name)),
];

/**
 * What the webhook's contract does not have of what a webhook asks for. Everhook's own webhooks may also name types of
 * the tenant, which then stay until the transaction `within` ends, and prefixes of types that come later.
 */
export async function subscriptionIssues(
  { tenantId, contract }: Pick<Webhook, 'tenantId' | 'contract'>,
  names: readonly string[],
  eventTypes: Pick<EventTypeStore, 'hold'>,
  within: Database,
): Promise<Issue[]> {
  const builtIn = subscribableTypes(contract);
  const others = contract === 'everhook' ? names.filter((name) => !isWildcard(name) && !findEventType(name)) : [];
  const own = others.length > 0 ? await eventTypes.hold(tenantId, others, within) : new Set<string>();
  const isThere = (name: string) => {
    if (isWildcard(name)) return contract === 'everhook' || builtIn.some((type) => matchesType(name, type));
    return builtIn.includes(findEventType(name)?.name ?? name) || own.has(name);
  };
  return names.flatMap((name, index): Issue[] => {
    if (isThere(name)) return [];
    const what = isWildcard(name) ? 'matches no event type' : 'is not an event type';
    return [{ path: ['events', index], message: `${what} ${whose(contract)}` }];
  });
}

const whose = (contract: Contract) =>
  contract === 'everhook' ? 'of yours; see GET /api/v1/event-types' : `of the ${contract} contract`;

/** A type that the webhook gets: the first that it names, else the first of the catalogue that a prefix matches. */
export async function firstTypeOf(
  { tenantId, contract, events }: Pick<Webhook, 'tenantId' | 'contract' | 'events'>,
  eventTypes: Pick<EventTypeStore, 'find' | 'findFirst'>,
): Promise<{ name: string; schema: JsonObject | null; example: JsonObject | null } | null> {
  const builtIn = subscribableTypes(contract);
  const named = events.find((name) => !isWildcard(name));
  if (named !== undefined) return findEventType(named) ?? eventTypes.find(tenantId, named);
  const isWanted = (name: string) => events.some((pattern) => matchesType(pattern, name));
  const first = builtIn.find(isWanted);
  if (first !== undefined) return findEventType(first) ?? null;
  return contract === 'everhook' ? eventTypes.findFirst(tenantId, isWanted) : null;
}
