import type { Context } from 'koa';
import { ApiError, notFound } from '../errors/api-error';

/**
 * After the router: OPTIONS, 405 with `Allow` where the path is known by other methods, else 404.
 * @param withoutOptions paths whose contract takes its own method and no other
 */
export function createNoRoute(withoutOptions: ReadonlySet<string>) {
  return (ctx: Context): void => {
    const matched = (ctx.matched ?? []) as { methods: string[]; paramNames: unknown[] }[];
    // A path that is written out is not also an id.
    const literal = matched.filter(({ paramNames }) => paramNames.length === 0);
    const layers = literal.length > 0 ? literal : matched;
    const methods = [...new Set(layers.flatMap((layer) => layer.methods))].sort();
    if (methods.length === 0) throw notFound();
    const takesOptions = !withoutOptions.has(ctx.path);
    const allow = [...methods, ...(takesOptions ? ['OPTIONS'] : [])].join(', ');
    if (ctx.method === 'OPTIONS' && takesOptions) {
      ctx.status = 204;
      ctx.set('Allow', allow);
      return;
    }
    throw new ApiError('method-not-allowed', `This path takes ${allow}.`, { headers: { Allow: allow } });
  };
}
