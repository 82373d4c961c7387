/**
 * Where a trace stands, as text (W3C Trace Context): a `traceparent`, and after a blank the `tracestate` where there is one.
 * So it travels with deliveries through PostgreSQL and with runs through Temporal. Pure: workflow code imports it.
 */
export type TraceContext = string;

/** The header of Temporal's calls that carries a {@link TraceContext}. */
export const traceHeader = 'everhook-trace';

const traceparentPattern = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** W3C Trace Context asks for 512 characters to be carried; no more of a stranger's text is stored with each delivery. */
const longestTracestate = 512;

/** Null: it is no traceparent of the version that we know. A tracestate that is too long is left out. */
export function traceContextOf(traceparent: string, tracestate = ''): TraceContext | null {
  if (!traceparentPattern.test(traceparent)) return null;
  const isKept = tracestate !== '' && tracestate.length <= longestTracestate && /^[\x20-\x7e]+$/.test(tracestate);
  return isKept ? `${traceparent} ${tracestate}` : traceparent;
}

/** Its parts; null: it is none. */
export function partsOf(
  context: TraceContext,
): { traceId: string; spanId: string; flags: number; tracestate: string } | null {
  const [traceparent = '', ...state] = context.split(' ');
  const match = traceparentPattern.exec(traceparent);
  if (!match) return null;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, flags: Number.parseInt(flags, 16), tracestate: state.join(' ') };
}

/**
 * The id of a run's span, made from the run's id: workflow code names its span as the parent of its activities long before
 * the span ends, and on every replay alike.
 */
export const spanIdOfRun = (runId: string): string => runId.replaceAll('-', '').slice(-16);

/** The same trace, as seen below the span of a run. */
export const belowRun = (context: TraceContext, runId: string): TraceContext =>
  context.replace(/^(00-[0-9a-f]{32}-)[0-9a-f]{16}/, `$1${spanIdOfRun(runId)}`);
