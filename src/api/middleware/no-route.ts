import type { Context } from 'koa';
import { ApiError, notFound } from '../errors/api-error';

/** After the router: OPTIONS, 405 with `Allow` where the path is known by other methods, else 404. */
export function noRoute(ctx: Context): void {
  const matched = (ctx.matched ?? []) as { methods: string[]; paramNames: unknown[] }[];
  // A path that is written out is not also an id.
  const literal = matched.filter(({ paramNames }) => paramNames.length === 0);
  const layers = literal.length > 0 ? literal : matched;
  const methods = [...new Set(layers.flatMap((layer) => layer.methods))].sort();
  if (methods.length === 0) throw notFound();
  const allow = [...methods, 'OPTIONS'].join(', ');
  if (ctx.method === 'OPTIONS') {
    ctx.status = 204;
    ctx.set('Allow', allow);
    return;
  }
  throw new ApiError('method-not-allowed', `This path takes ${allow}.`, { headers: { Allow: allow } });
}
