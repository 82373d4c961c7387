import type { Middleware } from 'koa';
import { traceContextOf } from '../../domain/trace-context';
import type { Tracing } from '../../platform/tracing';
import type { RequestState } from './request-frame';

/** Asked every few seconds by machines: their traces would bury the others. */
const untraced = new Set(['/livez', '/readyz']);

/**
 * A span for every request, in the caller's trace where it names one (W3C Trace Context). Around the request's frame, which
 * knows route and tenant when it is done.
 */
export function traced(tracing: Tracing): Middleware<RequestState> {
  return async (ctx, next) => {
    if (untraced.has(ctx.path)) return next();
    const parent = traceContextOf(ctx.get('traceparent'), ctx.get('tracestate'));
    await tracing.inSpan({ name: ctx.method, kind: 'server', parent }, async (span) => {
      await next();
      const { route, tenantId, requestId } = ctx.state;
      if (route !== null) span.rename(`${ctx.method} ${route}`);
      span.set({
        'http.request.method': ctx.method,
        'http.response.status_code': ctx.status,
        'everhook.request.id': requestId,
        ...(route !== null && { 'http.route': route }),
        ...(tenantId !== null && { 'everhook.tenant.id': tenantId }),
      });
      if (ctx.status >= 500) span.failed(String(ctx.status));
    });
  };
}
