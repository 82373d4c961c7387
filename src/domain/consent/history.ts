import { createdState, stepsUntil, type AcceptedAction, type ConsentDurations, type ConsentStep } from './machine';

/** What became of a consent from its creation on. */
export interface ConsentHistory {
  /** Every transition that took place, in order. */
  steps: ConsentStep[];
  /** Until when a decision was, or is, possible. */
  decisionDeadline: Date;
  /** Until when it could, or can, be consumed; null: there has been no decision. */
  consumptionDeadline: Date | null;
}

/**
 * The way of a consent, worked out from what was accepted as it was carried out.
 * @param carriedOut in the order of acceptance
 * @param until when it came to the status that it has now
 */
export function historyOf(
  createdAt: Date,
  durations: ConsentDurations,
  carriedOut: readonly AcceptedAction[],
  until: Date,
): ConsentHistory {
  const decisionDeadline = new Date(createdAt.getTime() + durations.decisionMs);
  const steps = stepsUntil(until, createdState(createdAt, durations), durations, carriedOut);
  const decided = steps.find(({ on }) => on === 'approve' || on === 'reject');
  return { steps, decisionDeadline, consumptionDeadline: decided?.to.expiresAt ?? null };
}
