import type { ConsentType } from './consent/consent';
import type { ConsentAction, ConsentStatus } from './consent/machine';

/**
 * What the starter of a consent's workflow and the workflow agree on: its type, id, input and messages.
 * Imported by workflow code: nothing but types, constants and pure functions.
 */

/** Workflow type, as the Web UI shows it. */
export const consentWorkflowType = 'consent';

/**
 * The updates of a consent are its actions, by their names; an action is accepted once in a consent's life at most, so
 * its name is the update's id too. The signal says no more than that something was stored.
 */
export const settleSignal = 'settle';

/** Type of the failure with which a run refuses an action that it can not be asked for any more. */
export const actionIsPast = 'action_is_past';

/** Input of the workflow: ids only. What the consent is, and all its times, are read from PostgreSQL. */
export interface ConsentRunInput {
  tenantId: string;
  /** The UUID of the consent. */
  id: string;
  /** False where the server does not know our search attributes: the run then goes without them. */
  searchAttributes: boolean;
}

/** What is needed to start or address a consent's workflow. */
export interface StartableConsent {
  tenantId: string;
  /** The UUID of the consent. */
  id: string;
  type: ConsentType;
  status: ConsentStatus;
}

export function consentWorkflowId({ tenantId, id }: Pick<StartableConsent, 'tenantId' | 'id'>): string {
  return `consent/${tenantId}/${id}`;
}

/** Argument of an update. */
export interface ActionRequest {
  /** When the server accepted it, RFC 3339; for people who read the history. PostgreSQL has the one that counts. */
  acceptedAt: string;
}

/** Where a consent stands, as its workflow and the answer to an update know it. */
export interface SettledConsent {
  status: ConsentStatus;
  /** The deadline in force, RFC 3339; null: there is none. */
  expiresAt: string | null;
  /** How long it is until then by the clock that decides (PostgreSQL's), in milliseconds; null: there is none. */
  waitMs: number | null;
}

/** Activities of a consent; `src/activities/consent.ts` has them. */
export interface ConsentActivities {
  /**
   * Carries out what was accepted and what is due, in one transaction with its events, and starts their deliveries.
   * Safe to run at any time, as often as wanted.
   */
  settleConsent(consent: { tenantId: string; id: string }): Promise<SettledConsent>;
}

export type { ConsentAction, ConsentStatus };
