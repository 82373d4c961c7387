import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  burstSignals,
  nothingCarried,
  type BurstActivities,
  type BurstRunInput,
  type Carried,
} from '../domain/burst-run';

export const more = defineSignal(burstSignals.more);

const { carryBurst } = proxyActivities<BurstActivities>({
  startToCloseTimeout: '2 m',
  // A worker that died is noticed soon: what it carried waits for that.
  heartbeatTimeout: '7 s',
  retry: { initialInterval: '500 ms', maximumInterval: '10 s' },
});

/** Waits for what is due later are as long as this at most; it is cheap to look. */
const longestWaitMs = 60_000;
/** How often a burst that met only busy workers tries again before it leaves the work to the others. */
const mostBusy = 5;
const busyWaitMs = 1_000;

/**
 * Carries deliveries that came faster than workflows can be started, trip after trip, and ends when nothing waits. Each
 * delivery names the run that carried it.
 */
export async function burst(input: BurstRunInput): Promise<Carried> {
  let asked = false;
  let busy = 0;
  let total = nothingCarried;
  setHandler(more, () => void (asked = true));

  for (;;) {
    asked = false;
    const { ended, nextDueMs, ...carried } = await carryBurst(input);
    total = sum(total, carried);
    setCurrentDetails(describe(total, nextDueMs));
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) await continueAsNew<typeof burst>(input);

    busy = ended === 'busy' ? busy + 1 : 0;
    if (busy > mostBusy) return total;
    if (ended === 'busy') await sleep(busyWaitMs);
    if (ended !== 'empty' || asked) continue;
    if (nextDueMs === null) return total;
    await condition(() => asked, Math.max(1, Math.min(nextDueMs, longestWaitMs)), {
      summary: 'until something is due',
    });
  }
}

function sum(one: Carried, other: Carried): Carried {
  return {
    delivered: one.delivered + other.delivered,
    failed: one.failed + other.failed,
    cancelled: one.cancelled + other.cancelled,
    alone: one.alone + other.alone,
    together: one.together + other.together,
  };
}

function describe(carried: Carried, nextDueMs: number | null): string {
  const { delivered, failed, cancelled, alone, together } = carried;
  const soFar =
    `**${delivered}** delivered, **${failed}** failed, ${cancelled} cancelled; refused: ${alone} went on in workflows of ` +
    `their own, ${together} are tried again together.`;
  return nextDueMs === null ? soFar : `${soFar} The next of those is due in ${Math.ceil(nextDueMs / 1000)} s.`;
}
