import { eventCatalogue } from '../domain/event-catalogue';
import type { Contract } from '../domain/webhook';

/** Names of the event types that webhooks of a contract may subscribe to: Everhook's own to all, others to theirs. */
export function subscribableTypes(contract: Contract): string[] {
  return eventCatalogue
    .filter((type) => contract === 'everhook' || type.contract === contract)
    .map((type) => type.name);
}
