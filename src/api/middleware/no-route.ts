import type { Context } from 'koa';
import { ApiError, notFound } from '../errors/api-error';

/**
 * After the router: OPTIONS, 405 with `Allow` where the path is known by other methods, else 404.
 * @param withoutOptions paths whose contract takes its own method and no other
 */
export function createNoRoute(withoutOptions: ReadonlySet<string>) {
  return (ctx: Context): void => {
    const matched = matchedLayers(ctx);
    // A path that is written out is not also an id.
    const literal = matched.filter(isLiteral);
    const methods = methodsOf(literal.length > 0 ? literal : matched);
    if (methods.length === 0) throw notFound();
    const takesOptions = !withoutOptions.has(ctx.path);
    const allow = [...methods, ...(takesOptions ? ['OPTIONS'] : [])].join(', ');
    if (ctx.method === 'OPTIONS' && takesOptions) {
      ctx.status = 204;
      ctx.set('Allow', allow);
      return;
    }
    throw methodNotAllowed(allow);
  };
}

/** For a path whose parts fit no id of its route: 405 where it is written out for other methods, else 404. */
export function unfitPath(ctx: Context): ApiError {
  const methods = methodsOf(matchedLayers(ctx).filter(isLiteral));
  return methods.length === 0 ? notFound() : methodNotAllowed([...methods, 'OPTIONS'].join(', '));
}

interface Layer {
  methods: string[];
  paramNames: unknown[];
}

const matchedLayers = (ctx: Context) => (ctx.matched ?? []) as Layer[];
const isLiteral = ({ paramNames }: Layer) => paramNames.length === 0;
const methodsOf = (layers: readonly Layer[]) => [...new Set(layers.flatMap((layer) => layer.methods))].sort();

const methodNotAllowed = (allow: string) =>
  new ApiError('method-not-allowed', `This path takes ${allow}.`, { headers: { Allow: allow } });
