import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { CredentialAwsActivities, OperationKey, StepRef } from '../domain/credential-run';

/** One call of an activity: `summary` is for the Web UI, `work` gets the step's identity. */
export type TakeStep = <T>(
  summary: string,
  work: (aws: CredentialAwsActivities, step: StepRef) => Promise<T>,
) => Promise<T>;

/** An attempt is two or three calls on AWS of 5 s at most; a worker that died is noticed by its silence before. */
const anAttempt = {
  startToCloseTimeout: '30 s',
  heartbeatTimeout: '5 s',
  // What AWS was asked must be over before it is undone, or the undoing would look too early.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

/** Steps on the way there: somebody waits, so they are repeated soon, for as long as their scope is not cancelled. */
export const forwards = { ...anAttempt, retry: { initialInterval: '1 s', maximumInterval: '8 s' } } as const;

/** Steps that must happen: repeated for an hour, then it takes an operator, or the sweeper. */
export const persistently = {
  ...anAttempt,
  scheduleToCloseTimeout: '1 h',
  retry: { initialInterval: '1 s', maximumInterval: '30 s' },
} as const;

/** Numbers the steps of an operation, whichever way they go. */
export function stepsOf(operation: OperationKey, lastStep: number, awsTaskQueue: string) {
  let number = lastStep;
  const take =
    (how: typeof forwards | typeof persistently): TakeStep =>
    (summary, work) => {
      number += 1;
      const aws = proxyActivities<CredentialAwsActivities>({
        ...how,
        taskQueue: awsTaskQueue,
        summary: `step ${number}: ${summary}`,
      });
      return work(aws, { ...operation, number });
    };
  return { forwards: take(forwards), persistently: take(persistently) };
}
