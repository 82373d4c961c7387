import { proxyActivities } from '@temporalio/workflow';
import type { AwsSweepActivities, AwsSweepInput, AwsSweepResult } from '../domain/sweep-run';

/** Started by a Schedule: removes what no credential has, and has failed compensations tried again. */
export async function awsSweep({ awsTaskQueue }: AwsSweepInput): Promise<AwsSweepResult> {
  const { sweepAws } = proxyActivities<AwsSweepActivities>({
    taskQueue: awsTaskQueue,
    startToCloseTimeout: '30 m',
    heartbeatTimeout: '1 m',
    // The schedule comes again by itself; failing soon shows the trouble in its list of runs.
    retry: { maximumAttempts: 2 },
  });
  return sweepAws();
}
