import type { StartableDelivery } from '../domain/delivery-run';
import type { DeliveryRuns } from './delivery-runs';
import type { BurstCaller } from './burst-caller';
import type { Logger } from './logging';
import type { Pressure } from './pressure';
import { TemporalUnavailable } from './temporal';

/** Starts the workflows of deliveries that were just committed, behind the publisher's back. */
export interface DeliveryStarter {
  /**
   * Takes deliveries that are durable already. Resolves at once while there is room; under overload it waits
   * for a moment, then leaves the rest to the sweeper. Never throws: nothing here can lose a delivery.
   */
  enqueue(deliveries: readonly StartableDelivery[]): Promise<void>;
  /** Finishes the starts in flight; what still queues stays in the outbox. */
  close(): Promise<void>;
}

/** Starts in flight at once: more only lengthens Temporal's own queue. */
const maxInFlight = 32;
/** Deliveries that may wait in memory; more are left to the outbox. */
const maxQueued = 2_000;
/** How long a publisher is held back while the queue is full. */
const maxHoldMs = 250;
/** After Temporal was away, how long nothing is tried. */
const pauseMs = 1_000;
/**
 * Starts are marked this long after they were made: by then the first attempt of most has marked them, which costs no
 * write of its own. Well within the grace that a publisher has before the sweeper looks.
 */
const markAfterMs = 2_000;
const markEveryMs = 500;
const watchEveryMs = 1_000;
/** Starts a second that no worker falls behind with. */
const fewStarts = 10;

export function createDeliveryStarter(options: {
  runs: Pick<DeliveryRuns, 'start'>;
  /** Resolves with how many of them had no attempt yet. */
  markStarted(deliveries: readonly StartableDelivery[]): Promise<number>;
  /** For deliveries that travel together. */
  bursts: BurstCaller;
  pressure: Pressure;
  /** Workflow tasks that no worker took yet. */
  backlog(): Promise<number>;
  log: Logger;
}): DeliveryStarter {
  const { runs, bursts, pressure, log } = options;
  let queue: StartableDelivery[] = [];
  /** In the order they were started. */
  const started: { delivery: StartableDelivery; at: number }[] = [];
  let inFlight = 0;
  let startedLately = 0;
  let closed = false;
  let pausedUntil = 0;
  const room: (() => void)[] = [];
  const idle: (() => void)[] = [];

  async function startOne(delivery: StartableDelivery): Promise<void> {
    try {
      await runs.start(delivery);
      started.push({ delivery, at: Date.now() });
      startedLately += 1;
    } catch (error) {
      if (error instanceof TemporalUnavailable) {
        if (Date.now() >= pausedUntil) log.warn({ err: error }, 'Temporal is away; deliveries wait in the outbox');
        pausedUntil = Date.now() + pauseMs;
        pressure.away();
        // The sweeper finds them by their row; holding them here would only delay newer ones.
        queue = [];
      } else {
        log.error(
          { err: error, deliveryId: delivery.deliveryId },
          'a delivery could not be started; the sweeper tries again',
        );
      }
    }
  }

  function pump(): void {
    while (inFlight < maxInFlight && !closed) {
      const delivery = queue.shift();
      if (!delivery) break;
      inFlight += 1;
      void startOne(delivery).then(() => {
        inFlight -= 1;
        pump();
      });
    }
    pressure.waiting(queue.length + inFlight);
    if (queue.length < maxQueued) for (const proceed of room.splice(0)) proceed();
    if (inFlight === 0) for (const done of idle.splice(0)) done();
  }

  async function markStarted(until: number): Promise<void> {
    const later = started.findIndex(({ at }) => at > until);
    const marked = started.splice(0, later === -1 ? started.length : later).map(({ delivery }) => delivery);
    if (marked.length === 0) return;
    try {
      pressure.behind(await options.markStarted(marked));
    } catch (error) {
      log.warn({ err: error, count: marked.length }, 'starts could not be marked; the sweeper will look at them again');
    }
  }

  /** Only while it matters: a server under load has better to do than to count. */
  async function watchBacklog(): Promise<void> {
    const count = startedLately;
    startedLately = 0;
    if (count >= fewStarts) pressure.behind(await options.backlog().catch(() => 0));
  }

  const marker = setInterval(() => void markStarted(Date.now() - markAfterMs), markEveryMs);
  marker.unref();
  const watch = setInterval(() => void watchBacklog(), watchEveryMs);
  watch.unref();

  return {
    async enqueue(deliveries) {
      const alone = deliveries.filter(({ together }) => !together);
      if (alone.length < deliveries.length) bursts.call();
      if (alone.length === 0 || closed || Date.now() < pausedUntil) return;
      if (queue.length >= maxQueued) {
        await new Promise<void>((proceed) => {
          room.push(proceed);
          setTimeout(proceed, maxHoldMs);
        });
      }
      queue.push(...alone.slice(0, Math.max(0, maxQueued - queue.length)));
      pump();
    },

    async close() {
      closed = true;
      queue = [];
      clearInterval(marker);
      clearInterval(watch);
      if (inFlight > 0) await new Promise<void>((done) => idle.push(done));
      await markStarted(Infinity);
    },
  };
}
