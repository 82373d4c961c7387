import type { BurstRuns } from './burst-runs';
import type { Logger } from './logging';
import { TemporalUnavailable } from './temporal';

/** Calls the first burst for what this process put into the queue, not more often than it takes. */
export interface BurstCaller {
  /** There is something to carry. Never throws; a call that does not come through is the sweeper's. */
  call(): void;
  /** Waits for a call under way, and makes the one that is due. */
  close(): Promise<void>;
}

/** A burst looks for more for some seconds after it found nothing (activities/burst.ts): longer than this. */
const everyMs = 1_000;

export function createBurstCaller({ runs, log }: { runs: BurstRuns; log: Logger }): BurstCaller {
  let due = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> | undefined;

  async function callNow(): Promise<void> {
    due = false;
    try {
      await runs.call(0);
    } catch (error) {
      if (error instanceof TemporalUnavailable) log.debug({ err: error }, 'Temporal is away; bursts wait');
      else log.error({ err: error }, 'a burst could not be called; the sweeper does it');
    }
  }

  function pump(): void {
    if (!due || underWay || timer) return;
    underWay = callNow().finally(() => {
      underWay = undefined;
      if (closed) return;
      timer = setTimeout(() => {
        timer = undefined;
        pump();
      }, everyMs);
      timer.unref();
    });
  }

  return {
    call() {
      due = true;
      if (!closed) pump();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await underWay;
      if (due) await callNow();
    },
  };
}
