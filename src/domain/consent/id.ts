import { isUuid } from '../ids';

const prefix = 'urn:everhook:';

/** The id that tenants and receivers see: `urn:everhook:<uuid>`. */
export function consentIdOf(uuid: string): string {
  return prefix + uuid;
}

/** The UUID of a consent id; null for anything that is not one. */
export function uuidOfConsentId(consentId: string): string | null {
  const uuid = consentId.startsWith(prefix) ? consentId.slice(prefix.length) : '';
  return isUuid(uuid) ? uuid.toLowerCase() : null;
}
