import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { mostBursts, nothingCarried, type BurstActivities, type TripReport } from '../domain/burst-run';
import type { AttemptRecord, DeliveryStatus } from '../domain/delivery';
import type { BurstRuns } from '../platform/burst-runs';
import type { DeliveryStarter } from '../platform/delivery-starter';
import type { Logger } from '../platform/logging';
import type { EngineMetrics } from '../platform/metrics';
import type { Burst, BurstQueueStore, CarriedAttempt, ClaimedDelivery } from '../store/burst-queue';
import { classifyStoreError, StoreUnavailable } from '../store/database';
import type { WebhookSecrets, WebhookStore } from '../store/webhooks';
import { createBreath } from './breath';
import type { Exchange } from './exchange';
import { laneKey, laneResult, type LaneResult, type WebhookLanes } from './webhook-lanes';

/** What Temporal says of the activity that a trip is. */
export interface Trip {
  runId: string;
  /** Of the activity: the same for all attempts of it. */
  activityId: string;
  /** From 1; a later one follows a worker that died, or was thought to. */
  attempt: number;
  heartbeat(): void;
  /** Fires when nobody wants the trip to go on. */
  cancelled: AbortSignal;
}

export function tripOfActivity(): Trip {
  const context = Context.current();
  const { workflowExecution, activityId, attempt } = context.info;
  if (!workflowExecution) throw new Error('a trip belongs to a run of a burst');
  return {
    runId: workflowExecution.runId,
    activityId,
    attempt,
    heartbeat: () => context.heartbeat(),
    cancelled: context.cancellationSignal,
  };
}

/** How much and how long; tests shorten it. */
const usual = {
  /** Attempts of one worker at the same time: their payloads, up to 256 KiB each, are all in memory. */
  mostAtOnce: 200,
  /** Of them, what a worker makes at once at least, however late it is. */
  leastAtOnce: 16,
  /** While more is under way, a claim waits until this part of them may be claimed: each claim is a statement. */
  claimedPart: 0.25,
  /** How long a trip lasts; the run's history has one entry for it. */
  tripMs: 10_000,
  /** How long a trip that found nothing goes on looking. Who puts something into the queue calls once a second. */
  lingerMs: 3_000,
};
/** How often it looks: just after it found something, and later. */
const lookMs = { soon: 10, later: 40 };
const eagerMs = 500;
/** The longest wait for room. */
const waitMs = 20;
const heartbeatMs = 1_000;
/** Of the looks of a trip, the part at which there was no room before another worker is asked to help. */
const crowdedPart = 0.5;
/** After trouble of our own, such as a secret that can't be opened, how long a delivery is left alone. */
const troubleMs = 10_000;
/** How long a record that PostgreSQL did not take waits to be offered again. */
const offerAgainMs = 1_000;
/** Webhooks met lately, whose room is told to claims. */
const mostKnown = 2_000;

export interface BurstDependencies {
  burstQueue: BurstQueueStore;
  webhooks: WebhookStore;
  bursts: BurstRuns;
  starter: DeliveryStarter;
  lanes: WebhookLanes;
  exchange: Exchange;
  metrics: EngineMetrics;
  log: Logger;
  /** What Temporal says of the activity that runs. */
  trip(): Trip;
  /** Fires when the worker begins to shut down: nothing more is claimed. */
  stopping: AbortSignal;
  /** Attempts that outlast the trip they were claimed on; to be waited for before anything they need is closed. */
  background: Set<Promise<void>>;
  pace?: Partial<typeof usual>;
}

/** Secrets of the webhooks of one claim; each is opened once. */
type OpenedSecrets = Map<string, Promise<WebhookSecrets>>;

/** What the attempts of one claim share. */
interface TripContext {
  burst: Burst;
  opened: OpenedSecrets;
  /** `performance.now()` before the claim. */
  began: number;
  log: Logger;
}

export function createBurstActivities(dependencies: BurstDependencies): BurstActivities {
  const { burstQueue, webhooks, lanes, exchange, metrics, starter, stopping, background } = dependencies;
  const { mostAtOnce, leastAtOnce, claimedPart, tripMs, lingerMs } = { ...usual, ...dependencies.pace };
  const breath = createBreath({ least: Math.min(leastAtOnce, mostAtOnce), most: mostAtOnce });
  const room = () => breath.limit() - underWay.size;
  const isWorthAClaim = () => room() >= Math.max(1, breath.limit() * claimedPart);
  /** Of this worker, by delivery: also those whose record PostgreSQL has yet to take. */
  const underWay = new Set<string>();
  /** Webhooks met lately, the newest last. */
  const known = new Map<string, { tenantId: string; webhookId: string }>();
  let onTrip = false;
  /** Since the last report; what ends after its trip is in the next one's. */
  let carried = { ...nothingCarried };
  /** Ends the wait of the trip when there is room again. */
  let roomIsBack: (() => void) | undefined;

  return {
    async carryBurst({ number }) {
      if (onTrip) return { ...nothingCarried, ended: 'busy', nextDueMs: null };
      onTrip = true;
      const trip = dependencies.trip();
      const beating = setInterval(() => trip.heartbeat(), heartbeatMs);
      try {
        return await carry({ number, runId: trip.runId, lease: leaseOf(trip) }, trip);
      } finally {
        clearInterval(beating);
        onTrip = false;
      }
    },
  };

  async function carry(burst: Burst, trip: Trip): Promise<TripReport> {
    const log = dependencies.log.child({ burst: burst.number, runId: burst.runId });
    const began = performance.now();
    const isOver = () => stopping.aborted || trip.cancelled.aborted || performance.now() - began > tripMs;
    let lost = trip.attempt > 1;
    let lastFound = began;
    let looks = 0;
    let crowded = 0;
    let nextDueMs: number | null | undefined;

    while (!isOver()) {
      try {
        looks += 1;
        if (lost) await takeUp(burst, log);
        lost = false;
        if (room() > 0 && (await setOut(burst, log)) > 0) lastFound = performance.now();
        const idleMs = performance.now() - lastFound;
        if (!isWorthAClaim()) {
          crowded += 1;
          await waitForRoom();
        } else if (idleMs > lingerMs && underWay.size === 0) {
          nextDueMs = await burstQueue.nextDueMs();
          break;
        } else {
          await pause(idleMs > eagerMs ? lookMs.later : lookMs.soon);
        }
      } catch (error) {
        // A trip that failed would be taken for lost, and what is under way be sent by another worker, too.
        log.warn({ err: classifyStoreError(error) }, 'a burst could not look into the queue');
        await sleep(offerAgainMs);
      }
    }
    const next = burst.number + 1;
    if (nextDueMs === undefined && crowded > looks * crowdedPart && next < mostBursts) await callNext(next, log);
    if (stopping.aborted) await Promise.allSettled(background);
    const report = carried;
    carried = { ...nothingCarried };
    return { ...report, ended: nextDueMs === undefined ? 'time' : 'empty', nextDueMs: nextDueMs ?? null };
  }

  async function takeUp(burst: Burst, log: Logger): Promise<void> {
    const count = await burstQueue.giveUpLeases(burst.lease);
    log.warn({ count }, 'a burst goes on after its worker was lost; what was under way is tried again');
  }

  /** Claims, and begins the attempts of what was claimed; how many. */
  async function setOut(burst: Burst, log: Logger): Promise<number> {
    const began = performance.now();
    const opened: OpenedSecrets = new Map();
    const silent: ClaimedDelivery['delivery'][] = [];
    const claimed = (await burstQueue.claim({ burst, limit: room(), rooms: rooms() })).filter(
      // One whose lease ended while its record waits for PostgreSQL.
      ({ delivery }) => !underWay.has(delivery.deliveryId),
    );
    for (const one of claimed) {
      if (one.loaded.webhook.silent) silent.push(one.delivery);
      else inBackground(makeAttempt(one, { burst, opened, began, log }));
    }
    if (silent.length > 0) inBackground(cancel(silent, burst, log));
    return claimed.length;
  }

  function inBackground(work: Promise<void>): void {
    background.add(work);
    void work.finally(() => background.delete(work));
  }

  /** From the claim to the record; never throws. */
  async function makeAttempt(one: ClaimedDelivery, trip: TripContext): Promise<void> {
    const { tenantId, deliveryId, webhookId } = one.delivery;
    const log = trip.log.child({ tenantId, deliveryId, number: one.number });
    underWay.add(deliveryId);
    meet(tenantId, webhookId);
    try {
      const made = await exchangeInLane(one, trip, log);
      if (made) await conclude(one, made, trip.burst, log);
    } catch (error) {
      log.warn({ err: error }, 'an attempt could not be made; it comes later');
      // Cut off by the shutdown it was not an attempt, and another worker may make it at once.
      await giveBack(one, stopping.aborted ? 0 : troubleMs, log);
    } finally {
      underWay.delete(deliveryId);
      if (isWorthAClaim()) roomIsBack?.();
    }
  }

  /** Null: its webhook's lane is full; it was given back. */
  async function exchangeInLane(one: ClaimedDelivery, { opened, began }: TripContext, log: Logger) {
    const { delivery, number, loaded } = one;
    const { tenantId, webhookId } = delivery;
    const key = laneKey(tenantId, webhookId);
    const lane = lanes.enter(key, 'together');
    if ('postponeMs' in lane) {
      await burstQueue.giveBack([delivery], lane.postponeMs);
      return null;
    }
    let result: LaneResult = 'not_made';
    try {
      const secrets = await secretsOf(key, tenantId, loaded, opened);
      const made = await exchange({ tenantId, number, loaded, secrets, log, began });
      result = laneResult(made.record.errorClass);
      return made;
    } finally {
      lane.leave(result);
    }
  }

  async function conclude(
    { delivery, number, loaded }: ClaimedDelivery,
    { record, retryAfterMs }: Awaited<ReturnType<Exchange>>,
    burst: Burst,
    log: Logger,
  ): Promise<void> {
    const { tenantId, deliveryId, webhookId } = delivery;
    metrics.attemptMade(loaded.contract, record.errorClass, record.durationMs);
    const wait = delivery.retrySchedule[number - 1];
    const status = statusAfter(record, wait);
    // What went together once goes on so: a run of its own would wait again for what it has waited for.
    const onward = number > 1 || lanes.inOutage(laneKey(tenantId, webhookId)) ? 'together' : 'alone';
    const waitMs = Math.max(wait ?? 0, retryAfterMs ?? 0);
    await recordEventually({ tenantId, deliveryId, attempt: record, status, waitMs, onward, burst }, log);
    if (status === 'pending') {
      carried[onward] += 1;
      if (onward === 'alone') await starter.enqueue([{ ...delivery, together: false }]);
    } else {
      carried[status] += 1;
      metrics.deliveryEnded(loaded.contract, status);
    }
  }

  function secretsOf(key: string, tenantId: string, loaded: ClaimedDelivery['loaded'], opened: OpenedSecrets) {
    const known = opened.get(key);
    if (known) return known;
    const opening = webhooks.openSecrets(tenantId, loaded.secrets);
    opened.set(key, opening);
    return opening;
  }

  /** It was sent: the record is offered until PostgreSQL takes it, so that it is not sent again. */
  async function recordEventually(carried: CarriedAttempt, log: Logger): Promise<void> {
    for (let offer = carried; ;) {
      try {
        await burstQueue.record(offer);
        return;
      } catch (error) {
        const classified = classifyStoreError(error);
        if (classified instanceof StoreUnavailable) {
          log.warn({ err: classified }, 'an attempt could not be recorded yet');
          if (stopping.aborted) throw classified;
          await sleep(offerAgainMs);
          continue;
        }
        // Whatever the receiver answered must not have it sent again for ever.
        const { responseBody, responseHeaders } = offer.attempt;
        if (responseBody === null && !responseHeaders) throw classified;
        log.error({ err: classified }, 'an attempt is recorded without the answer to it');
        offer = { ...offer, attempt: { ...offer.attempt, responseBody: null, responseHeaders: null } };
      }
    }
  }

  async function cancel(silent: ClaimedDelivery['delivery'][], burst: Burst, log: Logger): Promise<void> {
    try {
      carried.cancelled += await burstQueue.cancel(silent, burst);
      for (const { contract } of silent) metrics.deliveryEnded(contract, 'cancelled');
    } catch (error) {
      log.warn({ err: classifyStoreError(error) }, 'deliveries of silent webhooks could not be cancelled yet');
    }
  }

  async function giveBack({ delivery }: ClaimedDelivery, waitMs: number, log: Logger): Promise<void> {
    try {
      await burstQueue.giveBack([delivery], waitMs);
    } catch (error) {
      // Its lease ends by itself.
      log.warn({ err: classifyStoreError(error) }, 'a delivery could not be given back');
    }
  }

  async function callNext(number: number, log: Logger): Promise<void> {
    await dependencies.bursts
      .call(number)
      .catch((error: unknown) => log.debug({ err: error }, 'no other burst called'));
  }

  function meet(tenantId: string, webhookId: string): void {
    const key = laneKey(tenantId, webhookId);
    known.delete(key);
    known.set(key, { tenantId, webhookId });
    if (known.size > mostKnown) for (const oldest of known.keys()) return void known.delete(oldest);
  }

  /** Where fewer may be claimed than there is room in all. */
  function rooms() {
    return [...known].flatMap(([key, webhook]) => {
      const free = lanes.room(key, 'together');
      return free < mostAtOnce ? [{ ...webhook, room: free }] : [];
    });
  }

  /** Until a claim is worth its statement again, or for a moment: slow receivers must not hold up the others. */
  function waitForRoom(): Promise<void> {
    const asked = performance.now();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        breath.late(performance.now() - asked - waitMs);
        done();
      }, waitMs);
      roomIsBack = done;
      function done() {
        clearTimeout(timer);
        roomIsBack = undefined;
        resolve();
      }
    });
  }

  async function pause(ms: number): Promise<void> {
    const asked = performance.now();
    await sleep(ms);
    breath.late(performance.now() - asked - ms);
  }
}

function statusAfter(record: AttemptRecord, wait: number | undefined): Exclude<DeliveryStatus, 'cancelled'> {
  if (record.errorClass === null) return 'delivered';
  return wait === undefined ? 'failed' : 'pending';
}

/** The same for all attempts of one activity, and for nothing else: a UUID made from which it is. */
export function leaseOf({ runId, activityId }: Pick<Trip, 'runId' | 'activityId'>): string {
  const hex = createHash('sha256').update(`${runId}|${activityId}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
