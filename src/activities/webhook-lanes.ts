import type { ErrorClass } from '../domain/delivery';

/** How an attempt ended; `not_made` says nothing about the receiver. */
export type LaneResult = 'delivered' | 'refused' | 'timeout' | 'not_made';

/** What travels together takes no slots of the worker: it may use a lane that is open to its full width, twice that. */
export type Traffic = 'alone' | 'together';

/** The lane of a webhook. */
export const laneKey = (tenantId: string, webhookId: string) => `${tenantId}|${webhookId}`;

export function laneResult(errorClass: ErrorClass | null): LaneResult {
  if (errorClass === null) return 'delivered';
  return errorClass === 'timeout' ? 'timeout' : 'refused';
}

/**
 * What keeps one webhook's attempts from holding all slots of a worker: each webhook has a lane with so many places and no
 * more, and fewer while its receiver keeps timing out. Keys name a tenant's webhook. It counts for this process only.
 */
export interface WebhookLanes {
  /** A place in the lane, to be left once; or how long to wait before asking again. Waiting is no attempt. */
  enter(key: string, traffic?: Traffic): { leave(result: LaneResult): void } | { postponeMs: number };
  /**
   * How many places are free. For what travels together to a receiver that is down, only as many as it is tried with:
   * 1,000 deliveries a second that all fail must not cost what 1,000 that arrive do.
   */
  room(key: string, traffic?: Traffic): number;
  /** Of the last attempts of the last half minute most failed: its deliveries are better kept together. */
  inOutage(key: string): boolean;
}

/** A receiver that let so many attempts in a row time out hangs: it is only probed until it answers. */
const timeoutsToHang = 5;
const probes = 2;
/** Of each webhook, what {@link WebhookLanes.inOutage} looks at. */
const mostOutcomes = 20;
const outcomesCountMs = 30_000;
const leastFailures = 5;
/** What travels together to a receiver that refused all it was sent lately is tried so often a second, until it takes one. */
const triesPerSecond = 250;
/** What half a second earns: a busy worker claims seldom. */
const mostTriesAtOnce = triesPerSecond / 2;
/** An attempt asked for again sooner would come back for nothing; one asked for later would miss the recovery. */
const shortestPostponeMs = 100;
const longestPostponeMs = 60_000;
/** Webhooks whose lanes are remembered; of more, those are forgotten that are empty and have been so the longest. */
const mostLanes = 5_000;
/** Before anything is known of a receiver. */
const assumedDurationMs = 500;

interface Lane {
  inFlight: number;
  places: number;
  timeoutsInRow: number;
  /** Of its attempts, the recent ones weighing more. */
  averageMs: number;
  /** When the last of those who were told to wait comes back. */
  queueEndsAt: number;
  /** How often somebody had to be told to wait as long as possible. */
  overflowed: number;
  /** While its receiver is down: tries that may be made at `triesAt`, and when that was. */
  tries: number;
  triesAt: number;
  /** The last ones, the newest last. */
  outcomes: { at: number; failed: boolean }[];
}

/**
 * @param options.perWebhook places of a lane
 * @param options.now a clock in milliseconds that never goes back
 */
export function createWebhookLanes(options: { perWebhook: number; now?: () => number; most?: number }): WebhookLanes {
  const { perWebhook, now = () => performance.now(), most = mostLanes } = options;
  /** The one used last stands last. */
  const lanes = new Map<string, Lane>();

  function laneOf(key: string): Lane {
    const known = lanes.get(key);
    const lane = known ?? {
      inFlight: 0,
      places: perWebhook,
      timeoutsInRow: 0,
      averageMs: assumedDurationMs,
      queueEndsAt: 0,
      overflowed: 0,
      tries: mostTriesAtOnce,
      triesAt: now(),
      outcomes: [],
    };
    if (known) lanes.delete(key);
    else if (lanes.size >= most) forgetOne();
    lanes.set(key, lane);
    return lane;
  }

  const widthOf = ({ places }: Lane, traffic: Traffic) =>
    traffic === 'together' && places === perWebhook ? 2 * places : places;

  /** One that takes a few of many is not down, and gets all of them. */
  const isDown = ({ outcomes }: Lane) =>
    outcomes.length === mostOutcomes &&
    outcomes.every(({ failed }) => failed) &&
    (outcomes.at(-1)?.at ?? 0) > now() - outcomesCountMs;

  function triesOf(lane: Lane): number {
    const earned = ((now() - lane.triesAt) * triesPerSecond) / 1000;
    lane.tries = Math.min(mostTriesAtOnce, lane.tries + earned);
    lane.triesAt = now();
    return lane.tries;
  }

  /** Passes over lanes in use, of which there are never more than the worker has slots. */
  function forgetOne(): void {
    for (const [key, { inFlight }] of lanes) {
      if (inFlight === 0) return void lanes.delete(key);
    }
  }

  /** Those who wait come back one after the other, as places become free, and not all at once. */
  function postponement(lane: Lane): number {
    const at = now();
    const turn = Math.max(lane.queueEndsAt, at) + lane.averageMs / lane.places;
    const waitMs = turn - at;
    if (waitMs <= longestPostponeMs) {
      lane.queueEndsAt = turn;
      return Math.max(shortestPostponeMs, Math.ceil(waitMs));
    }
    // Spread evenly over the second half, without dice.
    lane.overflowed += 1;
    return Math.ceil(longestPostponeMs * (0.5 + ((lane.overflowed * 0.618) % 1) / 2));
  }

  function conclude(lane: Lane, durationMs: number, result: Exclude<LaneResult, 'not_made'>): void {
    lane.averageMs += (durationMs - lane.averageMs) / 4;
    lane.outcomes.push({ at: now(), failed: result !== 'delivered' });
    if (lane.outcomes.length > mostOutcomes) lane.outcomes.shift();
    if (result === 'timeout') {
      lane.timeoutsInRow += 1;
      if (lane.timeoutsInRow >= timeoutsToHang) lane.places = Math.min(probes, perWebhook);
      return;
    }
    lane.timeoutsInRow = 0;
    if (lane.places === perWebhook) return;
    // Not all at once: one answer does not make a receiver well.
    lane.places = Math.min(2 * lane.places, perWebhook);
    lane.queueEndsAt = 0;
  }

  return {
    enter(key, traffic = 'alone') {
      const lane = laneOf(key);
      if (lane.inFlight >= widthOf(lane, traffic)) return { postponeMs: postponement(lane) };
      const enteredAt = now();
      lane.inFlight += 1;
      if (traffic === 'together' && isDown(lane)) lane.tries = triesOf(lane) - 1;
      let left = false;
      return {
        leave(result) {
          if (left) return;
          left = true;
          lane.inFlight -= 1;
          if (result !== 'not_made') conclude(lane, now() - enteredAt, result);
        },
      };
    },

    room(key, traffic = 'alone') {
      const lane = lanes.get(key);
      if (!lane) return traffic === 'together' ? 2 * perWebhook : perWebhook;
      const free = Math.max(0, widthOf(lane, traffic) - lane.inFlight);
      return traffic === 'together' && isDown(lane) ? Math.min(free, Math.max(0, Math.floor(triesOf(lane)))) : free;
    },

    inOutage(key) {
      const since = now() - outcomesCountMs;
      const recent = lanes.get(key)?.outcomes.filter(({ at }) => at > since) ?? [];
      const failures = recent.filter(({ failed }) => failed).length;
      return failures >= leastFailures && 2 * failures >= recent.length;
    },
  };
}
