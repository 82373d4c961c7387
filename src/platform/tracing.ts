import type { TraceContext } from '../domain/trace-context';
import type { Config } from './config';
import type { Logger } from './logging';

/** Of a span. Ids, states, classes and counts only: no payload, no secret, no path of a receiver's URL, which may be one. */
export type SpanAttributes = Record<string, string | number | boolean>;

export interface SpanOptions {
  name: string;
  kind: 'server' | 'client' | 'producer' | 'internal';
  attributes?: SpanAttributes;
  /** Where it belongs; left out: below the span that is open. Null: it begins a trace. */
  parent?: TraceContext | null;
}

/** A span that is open. */
export interface Span {
  /** To be stored or handed on; null while tracing is off. */
  context: TraceContext | null;
  /** The header for what is asked of others; null while tracing is off. */
  traceparent: string | null;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** @param type a class of error, never a message */
  failed(type: string): void;
}

/** A span that is over. */
export interface PastSpan {
  name: string;
  /** As the parent of others names it: 16 hexadecimal digits. */
  spanId: string;
  parent: TraceContext;
  startedAt: Date;
  endedAt: Date;
  attributes: SpanAttributes;
  errorType: string | null;
}

/** OpenTelemetry traces, or nothing. */
export interface Tracing {
  on: boolean;
  /** Of the span that is open; null: there is none. */
  current(): TraceContext | null;
  /** Runs the work in a span of its own, which an exception marks as failed. */
  inSpan<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Runs the work as if the span `context` were open; null: none is. */
  within<T>(context: TraceContext | null, work: () => T): T;
  add(span: PastSpan): void;
  /** Sends what is not sent yet, within bounds. */
  close(): Promise<void>;
}

const noSpan: Span = { context: null, traceparent: null, rename() {}, set() {}, failed() {} };

/** Costs nothing and loads nothing. */
export const noTracing: Tracing = {
  on: false,
  current: () => null,
  inSpan: (_options, work) => work(noSpan),
  within: (_context, work) => work(),
  add() {},
  close: () => Promise.resolve(),
};

/**
 * Tracing as OpenTelemetry's own variables ask for it: on where there is an endpoint or `OTEL_TRACES_EXPORTER=otlp`. The
 * SDK reads all others (sampler, headers, batches, resource) by itself, and is loaded only when it is on.
 */
export async function createTracing(
  config: Pick<
    Config,
    | 'OTEL_EXPORTER_OTLP_ENDPOINT'
    | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
    | 'OTEL_EXPORTER_OTLP_PROTOCOL'
    | 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
    | 'OTEL_SDK_DISABLED'
    | 'OTEL_TRACES_EXPORTER'
  >,
  log: Logger,
): Promise<Tracing> {
  const isAsked =
    config.OTEL_TRACES_EXPORTER === 'otlp' ||
    config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined ||
    config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined;
  if (!isAsked || config.OTEL_TRACES_EXPORTER === 'none' || config.OTEL_SDK_DISABLED) return noTracing;
  const { createOpenTelemetry } = await import('./open-telemetry.js');
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  return createOpenTelemetry({ protocol, log });
}
