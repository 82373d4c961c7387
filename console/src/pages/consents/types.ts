import type { ConsentStatus } from './timeline';

/** A consent as the API shows it. */
export interface Consent {
  consentId: string;
  type: 'DATA' | 'PAYMENT';
  status: ConsentStatus;
  permissions: string[];
  createdAt: string;
  statusUpdatedAt: string;
  expiresAt: string | null;
  workflowId: string;
  temporalUrl: string | null;
}

/** Its UUID without `urn:everhook:`. */
export const shortId = ({ consentId }: Pick<Consent, 'consentId'>): string => consentId.replace('urn:everhook:', '');
