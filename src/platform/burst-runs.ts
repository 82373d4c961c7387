import type { Client } from '@temporalio/client';
import { burstSignals, burstWorkflowId, burstWorkflowType, type BurstRunInput } from '../domain/burst-run';
import { answerWithin, unavailableOr } from './temporal';

/** The Temporal side of bursts. */
export interface BurstRuns {
  /**
   * Has the burst of this number look into the queue: one that runs is told so, else it is started.
   * @throws TemporalUnavailable
   */
  call(number: number): Promise<void>;
}

const deadlineMs = 5_000;

export function createBurstRuns({ client, taskQueue }: { client: Client; taskQueue: string }): BurstRuns {
  return {
    async call(number) {
      const input: BurstRunInput = { number };
      try {
        await answerWithin(deadlineMs, client, () =>
          client.workflow.signalWithStart(burstWorkflowType, {
            taskQueue,
            workflowId: burstWorkflowId(taskQueue, number),
            args: [input],
            signal: burstSignals.more,
            staticSummary: 'deliveries that came faster than workflows can be started',
          }),
        );
      } catch (error) {
        throw unavailableOr(error);
      }
    },
  };
}
