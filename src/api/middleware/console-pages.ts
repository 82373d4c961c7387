import type { Context, Middleware, Next } from 'koa';
import type { ConsoleFile, ConsoleFiles } from '../../platform/console-files';
import { ApiError, notFound } from '../errors/api-error';
import type { RequestState } from './request-frame';

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const pageHeaders = {
  'Content-Security-Policy': contentSecurityPolicy,
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'X-Frame-Options': 'DENY',
};

const aYear = 'public, max-age=31536000, immutable';

/**
 * The web app at `/console`. Its pages are paths without an extension, all of them `index.html`.
 * @param files null: it is not built
 * @param apiPaths paths below `/console` that are routes
 */
export function serveConsole(files: ConsoleFiles | null, apiPaths: ReadonlySet<string>): Middleware<RequestState> {
  return async (ctx: Context & { state: RequestState }, next: Next) => {
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (!isRead || !/^\/console(\/|$)/.test(ctx.path) || apiPaths.has(ctx.path)) return next();
    ctx.state.route = '/console';
    if (!files) throw new ApiError('not-found', 'The console is not built: npm run build does it.');
    const name = ctx.path.slice('/console/'.length);
    const file = files.get(name) ?? (/\.[^/]*$/.test(name) ? undefined : files.get('index.html'));
    if (!file) throw notFound();
    send(ctx, file);
  };
}

function send(ctx: Context, { contentType, content, gzipped, immutable }: ConsoleFile): void {
  ctx.status = 200;
  ctx.set({ ...pageHeaders, 'Content-Type': contentType });
  if (immutable) ctx.set('Cache-Control', aYear);
  if (gzipped) ctx.vary('Accept-Encoding');
  const takesGzip = gzipped !== null && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
  if (takesGzip) ctx.set('Content-Encoding', 'gzip');
  ctx.body = takesGzip ? gzipped : content;
}
