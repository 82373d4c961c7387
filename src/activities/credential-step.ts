import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { FailureCode, StepRef } from '../domain/credential-run';
import { AwsFailure } from '../platform/aws/errors';
import type { Logger } from '../platform/logging';
import type { CredentialWorkStore, StepSubject } from '../store/credential-work';
import { classifyStoreError } from '../store/database';

/** What the work of a step gets. */
export interface StepWork extends StepSubject {
  /** An earlier attempt may have called AWS already. */
  again: boolean;
  /** Aborted once the step is called off: hand it to every call. */
  signal: AbortSignal;
}

/** What is wrong with what was asked for; the message may be shown to the caller. */
export class StepRefused extends Error {
  override readonly name = 'StepRefused';

  constructor(
    readonly code: FailureCode,
    message: string,
  ) {
    super(message);
  }
}

/** How often, and how long apart, what may have been made is looked for before it counts as not there. */
export const lookUps = { tries: 4, apartMs: 600 } as const;

const heartbeatEveryMs = 1_000;
/** Rights that were just granted, or a session token that was just renewed, count within seconds. */
const triesWhenDenied = 3;

/**
 * Runs steps: each is recorded when it begins and when it ends, heartbeats meanwhile, and fails with a code and a message
 * of ours.
 */
export function createStepRunner(dependencies: { work: CredentialWorkStore; log: Logger }) {
  const { work, log } = dependencies;

  const stored = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw classifyStoreError(error);
    });

  return async function run<T>(step: StepRef, name: string, perform: (work: StepWork) => Promise<T>): Promise<T> {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), heartbeatEveryMs);
    const { tenantId, credentialId, operationId, number } = step;
    const identity = { tenantId, credentialId, operationId, step: number, name };
    try {
      const subject = await stored(work.subject(step));
      if (!subject) throw ApplicationFailure.nonRetryable('there is no such operation', 'not_found');
      const { again } = await stored(work.beginStep(step, name));
      const result = await perform({ ...subject, again, signal: context.cancellationSignal });
      await stored(work.endStep(step, { status: 'done' }));
      log.info(identity, 'step of a credential done');
      return result;
    } catch (error) {
      const failure = failureOf(error, context);
      // Whoever reads the steps should see it; the workflow hears of it anyway.
      const said = failure instanceof Error ? failure.message : 'it failed';
      await work.endStep(step, { status: 'failed', error: said }).catch(() => {});
      log.warn({ ...identity, reason: said, ...awsDetails(error) }, 'step of a credential failed');
      throw failure;
    } finally {
      clearInterval(beat);
    }
  };
}

/** Waits within a step; ends early, with the reason, once the step is called off. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
}

function failureOf(error: unknown, context: Context): unknown {
  // Called off, or the worker is shutting down: the SDK knows which.
  if (context.cancellationSignal.aborted && error === context.cancellationSignal.reason) return error;
  if (error instanceof StepRefused) return ApplicationFailure.nonRetryable(error.message, error.code);
  if (!(error instanceof AwsFailure)) return error;
  const { message, kind, retryAfterMs } = error;
  const patient = kind === 'throttled' || kind === 'unavailable';
  return ApplicationFailure.create({
    message,
    type: codeOf(error),
    nonRetryable: !patient && (kind !== 'denied' || context.info.attempt >= triesWhenDenied),
    ...(retryAfterMs !== null && { nextRetryDelay: retryAfterMs }),
    category: 'BENIGN',
  });
}

function codeOf({ kind, errorName }: AwsFailure): FailureCode {
  if (kind === 'throttled') return 'aws_throttled';
  if (kind === 'unavailable') return 'aws_unavailable';
  return errorName === 'ScopeDoesNotExistException' ? 'unknown_scope' : 'aws_refused';
}

function awsDetails(error: unknown): Record<string, unknown> {
  if (!(error instanceof AwsFailure)) return error instanceof Error ? { errorName: error.name } : {};
  return { aws: error.operation, awsStatus: error.httpStatus, awsRequestId: error.requestId };
}
