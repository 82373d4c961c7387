import { isUuid } from '../ids';

const prefix = 'urn:everhook:';

/** The id that tenants and receivers see: `urn:everhook:<uuid>`. */
export function consentIdOf(uuid: string): string {
  return prefix + uuid;
}

/** Whether an event id could be one of a consent's own events: publishers must not take it before the consent does. */
export function isReservedForConsents(eventId: string): boolean {
  return eventId.startsWith(prefix);
}

/** The UUID of a consent id; null for anything that is not one. */
export function uuidOfConsentId(consentId: string): string | null {
  const uuid = consentId.startsWith(prefix) ? consentId.slice(prefix.length) : '';
  return isUuid(uuid) ? uuid.toLowerCase() : null;
}
