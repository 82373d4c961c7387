import type { WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import { partsOf, spanIdOfRun, traceHeader, type TraceContext } from '../domain/trace-context';
import type { TracingSinks } from '../domain/tracing-sinks';
import type { Span, Tracing } from './tracing';

/**
 * Spans of Temporal's calls, runs and activities. Of our own because the packages for it either need OpenTelemetry 1, which
 * is no longer kept, or another release of the SDK, and put OpenTelemetry into every workflow's bundle.
 * A run that nobody traces (Schedules, bursts, which many requests share) has no spans.
 */
export function traceStarts(tracing: Tracing): WorkflowClientInterceptor {
  const start = <T>(workflowType: string, workflowId: string, work: (span: Span) => Promise<T>) =>
    tracing.inSpan(
      {
        name: `start ${workflowType}`,
        kind: 'client',
        attributes: { 'temporal.workflow.type': workflowType, 'temporal.workflow.id': workflowId },
      },
      work,
    );

  return {
    startWithDetails(input, next) {
      if (tracing.current() === null) return next(input);
      return start(input.workflowType, input.options.workflowId, (span) =>
        next({ ...input, headers: withTrace(input.headers, span.context) }),
      );
    },
    startUpdateWithStart(input, next) {
      if (tracing.current() === null) return next(input);
      return start(input.workflowType, input.workflowStartOptions.workflowId, (span) =>
        next({ ...input, workflowStartHeaders: withTrace(input.workflowStartHeaders, span.context) }),
      );
    },
  };
}

/** A span for every activity of a traced run, each of its attempts. */
export function traceActivities(tracing: Tracing): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const parent = traceOf(input.headers);
        if (parent === null) return next(input);
        const attributes = {
          'temporal.activity.type': info.activityType,
          'temporal.activity.attempt': info.attempt,
          'temporal.activity.local': info.isLocal,
          ...(info.workflowExecution && {
            'temporal.workflow.id': info.workflowExecution.workflowId,
            'temporal.run.id': info.workflowExecution.runId,
          }),
        };
        return tracing.inSpan({ name: `activity ${info.activityType}`, kind: 'internal', parent, attributes }, () =>
          next(input),
        );
      },
    },
  });
}

/** What workflow code tells when a traced run ends (src/workflows/tracing.ts). Also for workers that trace nothing. */
export function tracingSinks(tracing: Tracing): InjectedSinks<TracingSinks> {
  return {
    tracing: {
      ended: {
        fn({ workflowType, workflowId, runId, runStartTime }, parent, errorType) {
          tracing.add({
            name: `workflow ${workflowType}`,
            spanId: spanIdOfRun(runId),
            parent,
            startedAt: runStartTime,
            endedAt: new Date(),
            attributes: {
              'temporal.workflow.type': workflowType,
              'temporal.workflow.id': workflowId,
              'temporal.run.id': runId,
            },
            errorType,
          });
        },
        callDuringReplay: false,
      },
    },
  };
}

const withTrace = (headers: Headers, context: TraceContext | null): Headers =>
  context === null ? headers : { ...headers, [traceHeader]: defaultPayloadConverter.toPayload(context) };

function traceOf(headers: Headers): TraceContext | null {
  const payload = headers[traceHeader];
  const context = payload ? defaultPayloadConverter.fromPayload<unknown>(payload) : null;
  return typeof context === 'string' && partsOf(context) ? context : null;
}
