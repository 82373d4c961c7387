/**
 * What the callers of a burst, its workflow and its activity agree on. Imported by workflow code: nothing but types,
 * constants and pure functions.
 *
 * A burst carries deliveries that came faster than workflows can be started: it takes what waits in the burst queue and
 * makes many attempts at the same time, within one activity.
 */

/** Workflow type, as the Web UI shows it. */
export const burstWorkflowType = 'burst';

/** Told to a burst when there is something to carry. */
export const burstSignals = { more: 'more' } as const;

/** Bursts of an installation at the same time, numbered from 0; a worker makes one trip at a time. */
export const mostBursts = 16;

export function burstWorkflowId(taskQueue: string, number: number): string {
  return `burst/${taskQueue}/${number}`;
}

export interface BurstRunInput {
  /** From 0. */
  number: number;
}

/** What came of the attempts of one trip, or of all trips of a run. */
export interface Carried {
  delivered: number;
  /** Out of attempts. */
  failed: number;
  /** Their webhooks are disabled or deleted. */
  cancelled: number;
  /** Refused; each goes on in a workflow of its own. */
  alone: number;
  /** Refused like most of their webhook's; they are tried again together. */
  together: number;
}

export const nothingCarried: Carried = { delivered: 0, failed: 0, cancelled: 0, alone: 0, together: 0 };

export interface TripReport extends Carried {
  /** `time`: there was more to carry; `empty`: nothing is due; `busy`: this worker is on a trip already. */
  ended: 'time' | 'empty' | 'busy';
  /** Milliseconds until something that waits is due; null: nothing waits. */
  nextDueMs: number | null;
}

/** Activities of a burst; `src/activities/burst.ts` has them. */
export interface BurstActivities {
  /**
   * Carries what is due in the burst queue until nothing is, or the trip has lasted long enough. Safe to run again after
   * a worker died in it: what was under way then is tried again.
   */
  carryBurst(burst: BurstRunInput): Promise<TripReport>;
}
