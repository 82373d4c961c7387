import { proxyActivities } from '@temporalio/workflow';
import type { SweepActivities, SweepResult } from '../domain/sweep-run';

const { sweepDeliveries, sweepConsents, sweepCredentials } = proxyActivities<SweepActivities>({
  startToCloseTimeout: '5 m',
  heartbeatTimeout: '30 s',
  // The schedule comes again by itself; failing soon shows the trouble in its list of runs.
  retry: { maximumAttempts: 2 },
});

/** Started by a Schedule: starts what stands in the outbox, tells runs what they missed, mends what lost its run. */
export async function sweep(): Promise<SweepResult> {
  const deliveries = sweepDeliveries();
  // One after the other, and the next also where the one before fails.
  await Promise.allSettled([deliveries]);
  const consents = sweepConsents();
  await Promise.allSettled([consents]);
  const credentials = await sweepCredentials();
  return { deliveries: await deliveries, consents: await consents, credentials };
}
