import type { ConsentStatus } from './machine';

/** Which stream a consent belongs to; a webhook of the Celcoin contract subscribes to one of them. */
export const consentTypes = ['DATA', 'PAYMENT'] as const;
export type ConsentType = (typeof consentTypes)[number];

/** A consent as it may be shown: whose it is (`loggedUser`) is stored encrypted and never comes out again. */
export interface Consent {
  tenantId: string;
  /** UUIDv7; towards tenants it is the {@link import('./id').consentIdOf} of it. */
  id: string;
  type: ConsentType;
  /** What has happened so far. Actions that were accepted and not carried out yet show as soon as they are. */
  status: ConsentStatus;
  permissions: string[];
  /** The end that the consent itself names; nothing happens at it. */
  expirationDateTime: Date | null;
  /** T0: the decision's deadline counts from here. */
  createdAt: Date;
  /** When an action was accepted that led to the status, or the deadline that passed. */
  statusUpdatedAt: Date;
  /** The deadline in force; null once there is none. */
  expiresAt: Date | null;
}
