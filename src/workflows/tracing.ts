import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import {
  ApplicationFailure,
  ContinueAsNew,
  isCancellation,
  proxySinks,
  workflowInfo,
  type WorkflowInterceptors,
} from '@temporalio/workflow';
import { belowRun, traceHeader } from '../domain/trace-context';
import type { TracingSinks } from '../domain/tracing-sinks';

const { tracing } = proxySinks<TracingSinks>();

/**
 * Hands a run's trace on to its activities, and tells its worker when it ends. Headers and sinks are no commands: histories
 * replay with and without. A run that was started without a trace does nothing of it.
 */
export function interceptors(): WorkflowInterceptors {
  let traced: { parent: string; header: Headers; own: Headers } | undefined;
  const below = <T extends { readonly headers: Headers }>(input: T): T =>
    traced ? { ...input, headers: { ...input.headers, ...traced.own } } : input;

  return {
    inbound: [
      {
        async execute(input, next) {
          const payload = input.headers[traceHeader];
          if (!payload) return next(input);
          const parent = defaultPayloadConverter.fromPayload<string>(payload);
          const own = defaultPayloadConverter.toPayload(belowRun(parent, workflowInfo().runId));
          traced = { parent, header: { [traceHeader]: payload }, own: { [traceHeader]: own } };
          try {
            const result = await next(input);
            tell(parent, null);
            return result;
          } catch (error) {
            tell(parent, errorType(error));
            throw error;
          }
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(below(input)),
        scheduleLocalActivity: (input, next) => next(below(input)),
        // The next run is a sibling of this one, not its child: a long chain stays flat.
        continueAsNew: (input, next) =>
          next(traced ? { ...input, headers: { ...input.headers, ...traced.header } } : input),
      },
    ],
  };
}

/** Not on replays: a worker that only replays has no sinks, and would be reproached with it. */
function tell(parent: string, error: string | null): void {
  if (!workflowInfo().unsafe.isReplaying) tracing.ended(parent, error);
}

function errorType(error: unknown): string | null {
  if (error instanceof ContinueAsNew) return null;
  if (isCancellation(error)) return 'cancelled';
  if (error instanceof ApplicationFailure) return error.type ?? 'ApplicationFailure';
  return error instanceof Error ? error.name : 'Error';
}
