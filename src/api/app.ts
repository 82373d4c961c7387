import Koa from 'koa';
import { apiContracts } from './contracts';
import type { ApiDependencies } from './dependencies';
import type { ErrorFormatRow } from './errors/format';
import { createAuthenticate } from './middleware/authenticate';
import { createAuthenticatePortal } from './middleware/basic-auth';
import { allowWebUi, createAuthenticateOperator } from './middleware/codec-access';
import { serveConsole } from './middleware/console-pages';
import { createAuthenticateConsole } from './middleware/console-session';
import { createNoRoute } from './middleware/no-route';
import { createRateLimits } from './middleware/rate-limits';
import { traced } from './middleware/traced';
import { requestFrame, type RequestState } from './middleware/request-frame';
import { createOpenApiDocument } from './openapi';
import { createRouter } from './router';
import { auditRoutes } from './routes/audit';
import { codecRoutes } from './routes/codec';
import { consentHistoryRoutes } from './routes/consent-history';
import { consoleRoutes } from './routes/console';
import { consentRoutes } from './routes/consents';
import { credentialRoutes } from './routes/credentials';
import { deliveryRoutes } from './routes/deliveries';
import { deliveryRequestRoutes } from './routes/delivery-request';
import { docsRoutes } from './routes/docs';
import { eventTypeRoutes } from './routes/event-types';
import { eventRoutes } from './routes/events';
import { healthRoutes } from './routes/health';
import { statsRoutes } from './routes/stats';
import { tokenErrorFormat, tokenRoutes } from './routes/token';
import { webhookActionRoutes } from './routes/webhook-actions';
import { webhookReportRoutes } from './routes/webhook-reports';
import { webhookRoutes } from './routes/webhooks';

export type { ApiDependencies } from './dependencies';

/** Which paths write their errors in which format; all others use problem details. */
const errorFormats: readonly ErrorFormatRow[] = [
  { prefix: '/oauth2/token', format: tokenErrorFormat },
  ...apiContracts.flatMap(({ errors }) => errors),
];

/** The HTTP API: every route, its errors, limits, log lines and metrics. Listening is {@link listen}'s. */
export function createApi(dependencies: ApiDependencies): Koa {
  const { config, log, tokens, tenancy, tenants, portals, refusals, registry, tracing } = dependencies;
  const limits = createRateLimits(config);
  const authenticateOperator = createAuthenticateOperator({ token: config.CODEC_TOKEN, limits, log });
  const routes = [
    ...tokenRoutes(dependencies, limits),
    ...webhookRoutes(dependencies),
    ...webhookActionRoutes(dependencies),
    ...webhookReportRoutes(dependencies),
    ...eventRoutes(dependencies, limits),
    ...eventTypeRoutes(dependencies, limits),
    ...deliveryRoutes(dependencies),
    ...deliveryRequestRoutes(dependencies),
    ...statsRoutes(dependencies),
    ...consentRoutes(dependencies),
    ...consentHistoryRoutes(dependencies),
    ...credentialRoutes(dependencies),
    ...auditRoutes(dependencies),
    ...apiContracts.flatMap((contract) => contract.routes(dependencies, limits)),
    ...healthRoutes(dependencies),
    ...codecRoutes(dependencies, limits, authenticateOperator),
    ...(config.CONSOLE === 'on' ? consoleRoutes(dependencies, limits) : []),
  ];
  routes.push(...docsRoutes(() => createOpenApiDocument(routes, errorFormats)));
  const router = createRouter(routes, {
    authenticate: createAuthenticate({ tokens, tenants, refusals }),
    authenticatePortal: createAuthenticatePortal({ portals, limits, refusals, log }),
    authenticateOperator,
    authenticateConsole: config.CONSOLE === 'on' ? createAuthenticateConsole(dependencies) : null,
    limits,
    tenancy,
    refusals,
  });

  const app = new Koa<RequestState>();
  // Without a listener Koa prints to standard error.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'a response could not be written'));
  if (tracing.on) app.use(traced(tracing));
  app.use(requestFrame({ log, registry, errorFormats, tracing }));
  if (config.CODEC_TOKEN && config.TEMPORAL_UI_URL) app.use(allowWebUi(config.TEMPORAL_UI_URL));
  if (config.CONSOLE === 'on') {
    app.use(serveConsole(dependencies.consoleFiles, new Set(routes.map(({ path }) => path))));
  }
  app.use(router.routes());
  app.use(createNoRoute(new Set(routes.filter(({ access }) => access === 'portal').map(({ path }) => path))));
  return app;
}
