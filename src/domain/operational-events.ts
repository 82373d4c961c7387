import type { CredentialType } from './credential/credential';
import type { ErrorClass } from './delivery';
import type { NewEvent } from './event';
import { webhookDisabledType } from './webhook-disabled';
import type { Contract } from './webhook';

/** Events about Everhook's own work, for the tenant whose work it is. No URL and no message: either may hold a secret. */

export const deliveryFailedType = 'delivery.failed';
export const webhookRecoveredType = 'webhook.recovered';
export const compensationFailedType = 'credential.compensation_failed';

/** That a delivery of one of these failed is never told: it would be told of again, and again. */
export const operationalEventTypes = [
  webhookDisabledType,
  webhookRecoveredType,
  deliveryFailedType,
  compensationFailedType,
] as const;

/** What the ids of these begin with. */
const idPrefixes = ['delivery-failed:', 'webhook-recovered:', 'webhook-disabled:', 'compensation-failed:'];

/**
 * Whether an event id could be one of ours: publishers must not take it first, or the true event would be a repetition and
 * its tenant never told.
 */
export function isReservedForOperations(eventId: string): boolean {
  return idPrefixes.some((prefix) => eventId.startsWith(prefix));
}

const fromUs = { webhookId: null, channel: null };

/** A delivery that ended as failed. */
export interface FailedDelivery {
  deliveryId: string;
  eventId: string;
  eventType: string;
  errorClass: ErrorClass | null;
  failedAt: Date;
}

/** What failed at a webhook since its tenant was last told. */
export interface FailedDeliveries {
  webhookId: string;
  contract: Contract;
  description: string | null;
  count: number;
  /** The first of them. */
  deliveries: readonly [FailedDelivery, ...FailedDelivery[]];
  /** When the last of them failed. */
  until: Date;
}

/** Deliveries that one event names; all of them are counted. */
export const mostNamed = 10;

export function deliveryFailedEvent({
  webhookId,
  contract,
  description,
  count,
  deliveries,
  until,
}: FailedDeliveries): NewEvent {
  const [{ deliveryId, failedAt }] = deliveries;
  return {
    ...fromUs,
    eventId: `delivery-failed:${webhookId}:${deliveryId}`,
    type: deliveryFailedType,
    payload: {
      webhookId,
      contract,
      description,
      count,
      since: failedAt.toISOString(),
      until: until.toISOString(),
      deliveries: deliveries.map((one) => ({ ...one, failedAt: one.failedAt.toISOString() })),
    },
    occurredAt: until,
  };
}

export interface RecoveredWebhook {
  webhookId: string;
  contract: Contract;
  description: string | null;
  /** When the first attempt failed that none succeeded after. */
  failingSince: Date;
  recoveredAt: Date;
}

export function webhookRecoveredEvent(recovered: RecoveredWebhook): NewEvent {
  const { webhookId, contract, description, failingSince, recoveredAt } = recovered;
  return {
    ...fromUs,
    eventId: `webhook-recovered:${webhookId}:${failingSince.getTime()}`,
    type: webhookRecoveredType,
    payload: {
      webhookId,
      contract,
      description,
      failingSince: failingSince.toISOString(),
      recoveredAt: recoveredAt.toISOString(),
    },
    occurredAt: recoveredAt,
  };
}

export interface StuckCredential {
  credentialId: string;
  credentialType: CredentialType;
  operationId: string;
  /** Of the operation that could not be undone, where it failed by itself. */
  code: string | null;
  failedAt: Date;
}

export function compensationFailedEvent(stuck: StuckCredential): NewEvent {
  const { credentialId, credentialType, operationId, code, failedAt } = stuck;
  return {
    ...fromUs,
    eventId: `compensation-failed:${operationId}:${failedAt.getTime()}`,
    type: compensationFailedType,
    payload: { credentialId, credentialType, code, failedAt: failedAt.toISOString() },
    occurredAt: failedAt,
  };
}
