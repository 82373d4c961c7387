import type { Context } from 'koa';
import { ApiError, notFound } from '../errors/api-error';

/** After the router: OPTIONS, 405 with `Allow` where the path is known by other methods, else 404. */
export function noRoute(ctx: Context): void {
  const matched = matchedLayers(ctx);
  // A path that is written out is not also an id.
  const literal = matched.filter(isLiteral);
  const allow = allowOf(literal.length > 0 ? literal : matched);
  if (allow === null) throw notFound();
  if (ctx.method === 'OPTIONS') {
    ctx.status = 204;
    ctx.set('Allow', allow);
    return;
  }
  throw methodNotAllowed(allow);
}

/** For a path whose parts fit no id of its route: 405 where it is written out for other methods, else 404. */
export function unfitPath(ctx: Context): ApiError {
  const allow = allowOf(matchedLayers(ctx).filter(isLiteral));
  return allow === null ? notFound() : methodNotAllowed(allow);
}

interface Layer {
  methods: string[];
  paramNames: unknown[];
}

const matchedLayers = (ctx: Context) => (ctx.matched ?? []) as Layer[];
const isLiteral = ({ paramNames }: Layer) => paramNames.length === 0;

/** Null: there are no methods. */
function allowOf(layers: readonly Layer[]): string | null {
  const methods = [...new Set(layers.flatMap((layer) => layer.methods))].sort();
  return methods.length === 0 ? null : [...methods, 'OPTIONS'].join(', ');
}

const methodNotAllowed = (allow: string) =>
  new ApiError('method-not-allowed', `This path takes ${allow}.`, { headers: { Allow: allow } });
