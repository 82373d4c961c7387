import type { Context } from 'koa';
import { ApiError, notFound } from '../errors/api-error';

/** After the router: OPTIONS, 405 with `Allow` where the path is known by other methods, else 404. */
export function noRoute(ctx: Context): void {
  const layers = (ctx.matched ?? []) as { methods: string[] }[];
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
