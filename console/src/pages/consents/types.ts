import type { Consent } from '../../api-types';

export type { Consent };

/** Its UUID without `urn:everhook:`. */
export const shortId = ({ consentId }: Pick<Consent, 'consentId'>): string => consentId.replace('urn:everhook:', '');
