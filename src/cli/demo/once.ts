import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../scripts/local-stack/log';
import type { DeliveryDocument } from '../api-documents';
import type { StopSignal } from '../stop-signal';
import { checkObserved, type Check } from './checks';
import { changed, followDeliveries, webhookNames } from './deliveries';
import { Interrupted, type Demo } from './demo';
import { renderChange } from './table';

/** Far more than four attempts take; a machine may be busy. */
const settleWithinMs = 60_000;
const pollMs = 100;

/** Waits until nothing is pending, then compares what happened with what must have happened. */
export async function runOnce(demo: Demo, stop: StopSignal, log: Log): Promise<Check[]> {
  const deliveries = await Promise.race([untilSettled(demo, stop, log), demo.failed]);
  return checkObserved({
    webhookIds: demo.webhookIds,
    published: demo.published,
    repeated: demo.repeated,
    deliveries,
    received: {
      healthy: demo.actors.healthy.requests,
      flaky: demo.actors.flaky.requests,
      dead: demo.actors.dead.requests,
      disabled: demo.actors.disabled.requests,
    },
    runs: await endedRuns(demo, deliveries),
  });
}

async function untilSettled(demo: Demo, stop: StopSignal, log: Log): Promise<DeliveryDocument[]> {
  const feed = followDeliveries(demo.api);
  const nameOf = webhookNames(demo.webhookIds);
  const deadline = Date.now() + settleWithinMs;
  const seen = new Map<string, string>();
  for (;;) {
    if (stop.received()) throw new Interrupted();
    const deliveries = await feed.poll();
    for (const delivery of changed(deliveries, seen)) log(renderChange(delivery, nameOf, new Date()));
    const pending = deliveries.some(({ status }) => status === 'pending');
    if ((deliveries.length > 0 && !pending) || Date.now() > deadline) return deliveries;
    await sleep(pollMs);
  }
}

const runEndsWithinMs = 10_000;

/** How each run ended; a run ends a moment after its delivery. */
async function endedRuns(demo: Demo, deliveries: readonly DeliveryDocument[]): Promise<Map<string, string>> {
  const { connectTemporal, createTemporalClient } = await import('../../platform/temporal.js');
  const connection = await connectTemporal(demo.config.TEMPORAL_ADDRESS);
  try {
    const client = createTemporalClient(connection, demo.config.TEMPORAL_NAMESPACE);
    const deadline = Date.now() + runEndsWithinMs;
    const stateOf = async (workflowId: string) => {
      for (;;) {
        const { status } = await client.workflow.getHandle(workflowId).describe();
        if (status.name !== 'RUNNING' || Date.now() > deadline) return status.name;
        await sleep(pollMs);
      }
    };
    return new Map(
      await Promise.all(
        deliveries.map(async ({ id, workflowId }): Promise<[string, string]> => [
          id,
          workflowId ? await stateOf(workflowId).catch(() => 'unknown to Temporal') : 'without a workflow',
        ]),
      ),
    );
  } finally {
    await connection.close();
  }
}
