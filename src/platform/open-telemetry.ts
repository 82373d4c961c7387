import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as OtelSpan,
} from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  RandomIdGenerator,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import { AsyncLocalStorage } from 'node:async_hooks';
import { partsOf, traceContextOf, type TraceContext } from '../domain/trace-context';
import type { Logger } from './logging';
import type { Span, SpanAttributes, Tracing } from './tracing';

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
};
/** A collector that is away for hours is worth a line a minute. */
const warnEveryMs = 60_000;
/** A collector that hangs must not hold up a shutdown. */
const flushMs = 5_000;

/** {@link Tracing} by the SDK of OpenTelemetry. Nothing is registered globally: two services may share a process. */
export function createOpenTelemetry({
  protocol,
  log,
}: {
  protocol: 'http/protobuf' | 'http/json';
  log: Logger;
}): Tracing {
  const active = new AsyncLocalStorage<Context>();
  const random = new RandomIdGenerator();
  let givenSpanId: string | undefined;
  const idGenerator = {
    generateTraceId: () => random.generateTraceId(),
    generateSpanId() {
      const id = givenSpanId ?? random.generateSpanId();
      givenSpanId = undefined;
      return id;
    },
  };
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'everhook' }))
      .merge(detectResources({ detectors: [envDetector] })),
    idGenerator,
    spanProcessors: [new BatchSpanProcessor(withWarnings(exporter, log))],
  });
  const tracer = provider.getTracer('everhook');

  const open = () => active.getStore() ?? ROOT_CONTEXT;

  return {
    on: true,
    current: () => textOf(trace.getSpan(open())),

    async inSpan({ name, kind, attributes, parent }, work) {
      const above = parent === undefined ? open() : contextOf(parent);
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes: attributes ?? {} }, above);
      try {
        return await active.run(trace.setSpan(above, span), () => work(shownAs(span)));
      } catch (error) {
        fail(span, error instanceof Error ? error.name : 'Error');
        throw error;
      } finally {
        span.end();
      }
    },

    within: (context, work) => active.run(contextOf(context), work),

    add({ name, spanId, parent, startedAt, endedAt, attributes, errorType }) {
      givenSpanId = spanId;
      const span = tracer.startSpan(name, { attributes, startTime: startedAt }, contextOf(parent));
      givenSpanId = undefined;
      if (errorType !== null) fail(span, errorType);
      span.end(endedAt);
    },

    async close() {
      let late: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => (late = setTimeout(resolve, flushMs)));
      await Promise.race([provider.shutdown().catch((error: unknown) => logFailure(error)), waited]);
      clearTimeout(late);
    },
  };

  function logFailure(error: unknown): void {
    log.warn({ err: error }, 'the last spans could not be exported');
  }
}

function contextOf(context: TraceContext | null): Context {
  const parts = context === null ? null : partsOf(context);
  if (!parts) return ROOT_CONTEXT;
  const { traceId, spanId, flags, tracestate } = parts;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(tracestate && { traceState: createTraceState(tracestate) }),
  });
}

function textOf(span: OtelSpan | undefined): TraceContext | null {
  if (!span) return null;
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0');
  return traceContextOf(`00-${traceId}-${spanId}-${flags}`, traceState?.serialize());
}

function shownAs(span: OtelSpan): Span {
  const context = textOf(span);
  return {
    context,
    traceparent: context?.split(' ')[0] ?? null,
    rename: (name) => void span.updateName(name),
    set: (attributes: SpanAttributes) => void span.setAttributes(attributes),
    failed: (type) => fail(span, type),
  };
}

/** Without the exception: its message may repeat what a receiver, a database or AWS said. */
function fail(span: OtelSpan, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function withWarnings(exporter: SpanExporter, log: Logger): SpanExporter {
  let warnedAt = -Infinity;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== ExportResultCode.SUCCESS && performance.now() - warnedAt > warnEveryMs) {
          warnedAt = performance.now();
          log.warn({ spans: spans.length, reason: result.error?.name }, 'spans could not be exported');
        }
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
