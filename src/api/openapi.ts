import { STATUS_CODES } from 'node:http';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOverride,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import type { ZodObject } from 'zod';
import type { scopes } from '../store/tenants';
import { problems, type ProblemSlug } from './errors/api-error';
import { formatFor, statusIn, type ErrorFormat, type ErrorFormatRow } from './errors/format';
import { describeDeliveries } from './openapi-webhooks';
import type { Route } from './route';

const description = `Durable webhooks: publish an event once, and it is delivered whatever happens.

Every response has \`X-Request-Id\`; a request may bring its own (1 to 64 letters, digits, \`_\` and \`-\`).
A known path answers other methods with 405 and \`Allow\`, an unknown path and an unknown, malformed or foreign id
with 404. JSON bodies are UTF-8 up to 256 KiB (a batch of events: 5 MiB), without duplicate keys, keys named \`__proto__\`,
\`constructor\` or \`prototype\`, NUL characters, or integers that a double can not hold. Unknown keys and query parameters are refused.

Errors are written as the path's contract asks: problem details (RFC 9457) on Everhook's own paths.`;

const scopeTexts: Record<(typeof scopes)[number], string> = {
  'webhooks:read': 'Read webhooks',
  'webhooks:write': 'Register, change and remove webhooks',
  'events:publish': 'Publish events',
  'deliveries:read': 'Read events and deliveries',
  'deliveries:write': 'Retry and cancel deliveries',
  'consents:read': 'Read consents',
  'consents:write': 'Create consents and decide on them',
  'credentials:read': 'Read credentials',
  'audit:read': 'Read the audit log',
};

/** Operators' routes are another's protocol, and there only where they are configured. */
type DescribedRoute = Exclude<Route, { access: 'operator' }>;

const isDescribed = (route: Route): route is DescribedRoute => !route.hidden && route.access !== 'operator';

/** OpenAPI 3.1 of all routes that are not hidden, made from the schemas that validate. */
export function createOpenApiDocument(routes: readonly Route[], errorFormats: readonly ErrorFormatRow[]): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes.filter(isDescribed)) {
    paths[route.path] = { ...paths[route.path], [route.method]: toOperation(route, errorFormats) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: { title: 'Everhook', version: '1.0.0', description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    webhooks: describeDeliveries(),
    components: {
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: '/oauth2/token', scopes: scopeTexts } },
        },
        portalBasic: { type: 'http', scheme: 'basic', description: "A Sensedia portal's user name and password." },
        consoleSession: {
          type: 'apiKey',
          in: 'cookie',
          name: 'everhook_console',
          description: 'Somebody signed in at /console; only together with the header `X-Everhook-Console: 1`.',
        },
        clientBasic: { type: 'http', scheme: 'basic', description: 'Client id and secret, for tokens only.' },
      },
    },
  };
  return createDocument(document, { override: withoutSafeIntegerBounds });
}

/** zod bounds each integer by what a double holds: true of every number in JSON, and noise in the document. */
const withoutSafeIntegerBounds: ZodOpenApiOverride = ({ jsonSchema }) => {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
};

function toOperation(route: DescribedRoute, errorFormats: readonly ErrorFormatRow[]): ZodOpenApiOperationObject {
  const operation: ZodOpenApiOperationObject = {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security: security(route),
    responses: responses(route, errorFormats),
  };
  const requestParams = {
    ...(route.params && { path: route.params }),
    ...(route.access === 'console' && route.query && { query: route.query as ZodObject }),
    ...(isAuthenticated(route) && {
      ...(route.query && { query: route.query as ZodObject }),
      ...(route.requestHeaders && { header: route.requestHeaders }),
    }),
  };
  if (Object.keys(requestParams).length > 0) operation.requestParams = requestParams;
  if (route.access === 'portal') {
    if (route.body) operation.requestBody = { required: true, content: { 'application/json': { schema: route.body } } };
  } else if (route.access === 'public-json') {
    operation.requestBody = { required: true, content: { 'application/json': { schema: route.json } } };
  } else if (route.access === 'public') {
    if (route.form) {
      operation.requestBody = {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: route.form } },
      };
    }
  } else if (route.access !== 'console' && route.body) {
    operation.requestBody = {
      required: !route.bodyOptional,
      content: { 'application/json': { schema: route.body } },
    };
  }
  return operation;
}

function security(route: DescribedRoute): Record<string, string[]>[] {
  if (route.access === 'portal') return [{ portalBasic: [] }];
  if (route.access === 'console') return [{ consoleSession: [] }];
  if (!isAuthenticated(route)) return 'form' in route && route.form ? [{ clientBasic: [] }, {}] : [];
  return [{ oauth2: route.access === 'any' ? [] : [route.access] }];
}

function responses(
  route: DescribedRoute,
  errorFormats: readonly ErrorFormatRow[],
): ZodOpenApiOperationObject['responses'] {
  const format = formatFor(route.path, errorFormats);
  const described: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, { description: text, schema, contentType = 'application/json' }] of Object.entries(
    route.responses,
  )) {
    described[status] = { description: text, ...(schema && { content: { [contentType]: { schema } } }) };
  }
  for (const status of errorStatuses(route).map((status) => shownStatus(status, format))) {
    described[status] ??= {
      description: STATUS_CODES[status] ?? 'Error',
      content: { [format.contentType]: { schema: format.schema } },
    };
  }
  return described as ZodOpenApiOperationObject['responses'];
}

/** A contract may answer an error with another status: that of the errors that have this one. */
function shownStatus(status: number, format: ErrorFormat): number {
  const slugs = Object.entries(problems).flatMap(([slug, problem]) => (problem.status === status ? [slug] : []));
  const [slug] = slugs as ProblemSlug[];
  return slug === undefined ? status : statusIn(format, slug);
}

function isAuthenticated(
  route: DescribedRoute,
): route is Exclude<DescribedRoute, { access: 'public' | 'public-json' | 'portal' | 'console' }> {
  return !['public', 'public-json', 'portal', 'console'].includes(route.access);
}

/** Errors that follow from what a route takes, besides those it names. */
function errorStatuses(route: DescribedRoute): number[] {
  const statuses = new Set<number>([...(route.errors ?? []), 500, 503]);
  const add = (condition: unknown, ...those: number[]) => {
    if (condition) for (const status of those) statuses.add(status);
  };
  add(route.params, 404);
  if (route.access === 'portal') {
    add(true, 401, 429);
    add(route.body, 400, 408, 413, 415);
  } else if (route.access === 'console') {
    add(true, 400, 401);
    add(route.operatorOnly, 403);
  } else if (!isAuthenticated(route)) {
    add(route.access === 'public-json' || route.form, 400, 408, 413, 415, 429);
  } else {
    add(true, 400, 401);
    add(route.access !== 'any', 403);
    add(route.body, 408, 413, 415);
    add(route.write || route.costly || route.access === 'events:publish', 429);
  }
  return [...statuses].sort();
}
