import type { AttemptOutcome, AttemptRecord } from './delivery';
import type { TraceContext } from './trace-context';
import type { Contract } from './webhook';

/**
 * What the starter of a delivery's workflow and the workflow agree on: its type, id, input and messages.
 * Imported by workflow code: nothing but types, constants and pure functions.
 */

/** Workflow type, as the Web UI shows it. */
export const deliveryWorkflowType = 'delivery';

/** Longer attempts would hold a workflow task open too long to run inside it: they are activities with heartbeats. */
export const longestLocalAttemptMs = 5_000;
export const heartbeatEveryMs = 5_000;
/** What an attempt may take beyond its exchange: load, get a token (twice at most, 3 s each), sign, record. */
export const attemptMarginMs = 12_000;

/** Updates that a pending delivery takes. */
export const deliveryUpdates = { retryNow: 'retryNow', cancel: 'cancel' } as const;

/** Input of the workflow. Ids and numbers only: whatever is secret or personal stays in PostgreSQL. */
export interface DeliveryRunInput {
  tenantId: string;
  deliveryId: string;
  /** Waits between attempts in milliseconds; its length is the number of retries. */
  retrySchedule: number[];
  /** The longest an attempt can take by its contract, in milliseconds. */
  maxAttemptMs: number;
  /** False where the server does not know our search attributes: the run then goes without them. */
  searchAttributes: boolean;
}

/** Identity of a delivery: its workflow's id is made from it, so two starts are one run. */
export interface DeliveryIdentity {
  tenantId: string;
  webhookId: string;
  eventUid: string;
  /** 0 for the event's own delivery; counts the redeliveries asked for. */
  redelivery: number;
}

/** A delivery that stands in the outbox: all that is needed to start its workflow. */
export interface StartableDelivery extends DeliveryIdentity {
  deliveryId: string;
  eventId: string;
  eventType: string;
  contract: Contract;
  /** Waits between attempts in milliseconds. */
  retrySchedule: number[];
  /** It stands in the burst queue: a burst carries it, and it has no workflow of its own. */
  together?: boolean;
  /** Of the request that it came from; null or absent: nobody traced it. */
  traceContext?: TraceContext | null;
}

export function deliveryWorkflowId({ tenantId, webhookId, eventUid, redelivery }: DeliveryIdentity): string {
  const base = `delivery/${tenantId}/${webhookId}/${eventUid}`;
  return redelivery === 0 ? base : `${base}/${redelivery}`;
}

/** One attempt asked of the activity. */
export interface AttemptRequest {
  tenantId: string;
  deliveryId: string;
  /** 1 for the first attempt. */
  number: number;
  /** Wait before the next attempt should this one fail; null: it is the last. */
  nextWaitMs: number | null;
  /** How often this very attempt was postponed before; absent: never. */
  postponed?: number;
}

/** What the activity answers. */
export interface AttemptReport {
  outcome: AttemptOutcome;
  /**
   * Present when the exchange took place but PostgreSQL could not store it: the workflow keeps the record in
   * its history and has it stored later, so that an outage never makes the same attempt be sent twice.
   */
  unrecorded?: AttemptRecord;
}

/** Activities of a delivery; `src/activities/delivery.ts` has them. */
export interface DeliveryActivities {
  /**
   * Loads the webhook, signs, sends within its timeout, records the attempt; or postpones it. Safe to run twice for the same
   * number.
   */
  attemptDelivery(request: AttemptRequest): Promise<AttemptReport>;
  /** Stores an attempt that {@link AttemptReport.unrecorded} carried. Safe to run twice. */
  recordAttempt(request: AttemptRequest, record: AttemptRecord, retryAfterMs: number | undefined): Promise<void>;
  /** Ends a pending delivery as cancelled. Safe to run twice. */
  settleCancelled(request: { tenantId: string; deliveryId: string }): Promise<void>;
}
