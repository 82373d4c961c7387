import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { Histogram, type Registry } from 'prom-client';
import { partsOf } from '../../domain/trace-context';
import type { Logger } from '../../platform/logging';
import type { Tracing } from '../../platform/tracing';
import type { ApiError } from '../errors/api-error';
import { classify } from '../errors/classify';
import { formatFor, statusIn, type ErrorFormatRow } from '../errors/format';

/** What is known of a request on its way. */
export interface RequestState {
  requestId: string;
  /** Path of the route that took it; null: none did. */
  route: string | null;
  tenantId: string | null;
}

/** Paths that are asked every few seconds by machines: their log lines would bury the others. */
const quietRoutes = new Set(['/livez', '/readyz']);

/** Around everything: request id, headers of every response, errors in the path's format, log line, metric. */
export function requestFrame(options: {
  log: Logger;
  registry: Registry;
  errorFormats: readonly ErrorFormatRow[];
  tracing: Pick<Tracing, 'current'>;
}): Middleware<RequestState> {
  const { log, errorFormats, tracing } = options;
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to its response, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [options.registry],
  });

  return async (ctx, next) => {
    const startedAt = performance.now();
    const requestId = requestIdOf(ctx.get('X-Request-Id'));
    ctx.state = { requestId, route: null, tenantId: null };
    ctx.set({ 'X-Request-Id': requestId, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    try {
      await next();
    } catch (thrown) {
      const error = classify(thrown);
      writeError(ctx, error);
      logFailure(thrown, error);
    }
    const ms = performance.now() - startedAt;
    const { route, tenantId } = ctx.state;
    const labels = { method: knownMethod(ctx.method), route: route ?? 'none', status: ctx.status };
    durations.observe(labels, ms / 1000);
    const trace = tracing.current();
    const line = {
      requestId,
      tenantId,
      ...labels,
      ms: Math.round(ms * 10) / 10,
      ...(trace !== null && { traceId: partsOf(trace)?.traceId }),
    };
    if (route !== null && quietRoutes.has(route)) log.debug(line, 'request');
    else log.info(line, 'request');

    function logFailure(thrown: unknown, error: ApiError): void {
      if (error.status === 500) log.error({ requestId, route: ctx.state.route, err: thrown }, 'a request failed');
      else if (error.status === 503) log.warn({ requestId, route: ctx.state.route, err: thrown }, error.detail);
    }
  };

  function writeError(ctx: Context, error: ApiError): void {
    const format = formatFor(ctx.path, errorFormats);
    ctx.status = statusIn(format, error.slug);
    ctx.set({ 'Content-Type': format.contentType, ...error.extra.headers });
    ctx.body = JSON.stringify(format.body(error, ctx.state.requestId));
  }
}

function requestIdOf(inbound: string): string {
  return /^[\w-]{1,64}$/.test(inbound) ? inbound : randomUUID();
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** A label must not have as many values as strangers can think of. */
const knownMethod = (method: string) => (methods.has(method) ? method : 'other');
