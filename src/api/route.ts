import type { IncomingHttpHeaders } from 'node:http';
import type { output, ZodError, ZodObject, ZodType } from 'zod';
import type { ConsoleSession } from '../store/console-sessions';
import type { Portal } from '../store/portals';
import type { Scope } from '../store/tenants';
import type { NewAuditEntry } from '../store/audit';
import type { ApiError } from './errors/api-error';

/** Who makes a request, from the token or the session alone. */
export interface Caller {
  tenantId: string;
  /** As the audit log names them: `client:<id>`, `session:<id>` or `operator:<id>`. */
  actor: string;
  scopes: readonly string[];
}

/** What a route is called with, validated. */
export interface ApiRequest<Query, Body> {
  requestId: string;
  caller: Caller;
  /** Of the connection, for the audit log. */
  address: string;
  headers: IncomingHttpHeaders;
  /** Parts of the path, already of the form that `params` asks for. */
  params: Record<string, string>;
  query: Query;
  body: Body;
}

/** What a public route is called with: it has no caller. */
export type PublicRequest = Omit<ApiRequest<unknown, URLSearchParams>, 'caller'>;

/** As {@link PublicRequest}, with the JSON body that the route asks for. */
export type PublicJsonRequest<Body> = Omit<ApiRequest<unknown, Body>, 'caller'>;

/** What a portal's route is called with: its caller is known by Basic authentication. */
export interface PortalRequest<Body> extends Omit<ApiRequest<unknown, Body>, 'caller'> {
  portal: Portal;
  /** Aborts when the connection ends before the answer is sent. */
  hungUp: AbortSignal;
}

/** What a route of the console itself is called with. */
export interface ConsoleRequest<Query> extends Omit<ApiRequest<Query, unknown>, 'caller' | 'body'> {
  session: ConsoleSession;
}

/** A body that is JSON and does not fit its route's schema. */
export interface RefusedBody {
  body: object;
  error: ZodError;
  /** The 400 that every route answers. */
  refusal: ApiError;
}

export interface Reply {
  status: number;
  /** Text is sent as it is, anything else as JSON; absent: no body. */
  body?: unknown;
  /** `application/json` unless said otherwise. */
  contentType?: string;
  headers?: Record<string, string>;
  /** Called once it is over: whether all of it was handed to the network. For answers that can be had only once. */
  onSent?(wasSent: boolean): void;
}

/** An answer as OpenAPI describes it. Errors that follow from the route's shape are added there. */
export interface DescribedResponse {
  description: string;
  /** Absent: no body. */
  schema?: ZodType;
  contentType?: string;
}

interface Described {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/api/v1/webhooks/{id}`. */
  path: string;
  tag: string;
  operationId: string;
  summary: string;
  description?: string;
  /** A path whose parts do not fit is answered like an unknown id. */
  params?: ZodObject;
  responses: Record<number, DescribedResponse>;
  /** Statuses of errors besides those that follow from the shape. */
  errors?: readonly number[];
  /** Kept out of the OpenAPI document. */
  hidden?: boolean;
}

export interface AuthenticatedRoute<Query extends ZodType, Body extends ZodType> extends Described {
  /** `any`: every valid token. */
  access: Scope | 'any';
  /** Takes the token without the word Bearer too (contracts C-10). */
  bareToken?: boolean;
  /** Counts against RATE_LIMIT_WRITES. */
  write?: boolean;
  /** May read much: a tenant has few of these under way at a time. */
  costly?: boolean;
  query?: Query;
  body?: Body;
  /** The body may be left out; then `{}` is validated. */
  bodyOptional?: boolean;
  bodyLimit?: number;
  /** Where a refused body has another answer than 400, or is more than refused: what to answer with. */
  refuseBody?(caller: Caller, refused: RefusedBody): Promise<ApiError>;
  requestHeaders?: ZodObject;
  handle(request: ApiRequest<output<Query>, output<Body>>): Promise<Reply>;
}

interface PublicRoute extends Described {
  access: 'public';
  /** What a form-encoded body has; `PublicRequest.body` is empty without. */
  form?: ZodObject;
  handle(request: PublicRequest): Promise<Reply> | Reply;
}

/** A public route that takes JSON: the exception that a contract's token endpoint is. */
interface PublicJsonRoute<Body extends ZodType> extends Described {
  access: 'public-json';
  json: Body;
  handle(request: PublicJsonRequest<output<Body>>): Promise<Reply> | Reply;
}

/** A route of a portal, which authenticates with Basic before anything else of its request is looked at. */
interface PortalRoute<Body extends ZodType> extends Described {
  access: 'portal';
  /** Counts against RATE_LIMIT_WRITES. */
  write?: boolean;
  body?: Body;
  handle(request: PortalRequest<output<Body>>): Promise<Reply>;
}

/** A route for whoever operates Everhook: authenticated as no tenant, before its body is read. */
interface OperatorRoute<Body extends ZodType> extends Described {
  access: 'operator';
  body: Body;
  bodyLimit: number;
  handle(request: PublicJsonRequest<output<Body>>): Promise<Reply>;
}

/** A route of the console alone: for who is signed in there, of a tenant or not. */
export interface ConsoleRoute<Query extends ZodType> extends Described {
  access: 'console';
  /** For operators' sessions only: 403 for others. */
  operatorOnly?: boolean;
  query?: Query;
  handle(request: ConsoleRequest<output<Query>>): Promise<Reply>;
}

/** One operation of the API: the router, the validation and the OpenAPI document are made from it. */
export type Route =
  | AuthenticatedRoute<ZodType, ZodType>
  | PublicRoute
  | PublicJsonRoute<ZodType>
  | PortalRoute<ZodType>
  | OperatorRoute<ZodType>
  | ConsoleRoute<ZodType>;

export function route<Query extends ZodType, Body extends ZodType>(definition: AuthenticatedRoute<Query, Body>): Route {
  return definition;
}

export function publicRoute(definition: Omit<PublicRoute, 'access'>): Route {
  return { ...definition, access: 'public' };
}

export function publicJsonRoute<Body extends ZodType>(definition: Omit<PublicJsonRoute<Body>, 'access'>): Route {
  return { ...definition, access: 'public-json' };
}

export function portalRoute<Body extends ZodType>(definition: Omit<PortalRoute<Body>, 'access'>): Route {
  return { ...definition, access: 'portal' };
}

export function operatorRoute<Body extends ZodType>(definition: Omit<OperatorRoute<Body>, 'access'>): Route {
  return { ...definition, access: 'operator' };
}

export function consoleRoute<Query extends ZodType>(definition: Omit<ConsoleRoute<Query>, 'access'>): Route {
  return { ...definition, access: 'console' };
}

/** The audit entry of what a request does, without its object's id. */
export function auditEntry(
  { caller, address, requestId }: ApiRequest<unknown, unknown>,
  action: `${'webhook' | 'delivery' | 'event_type' | 'consent'}.${string}`,
  fields: readonly string[] = [],
): Omit<NewAuditEntry, 'objectId'> {
  const [objectType = ''] = action.split('.');
  return {
    tenantId: caller.tenantId,
    actor: caller.actor,
    action,
    objectType,
    fields: [...fields],
    address,
    requestId,
    outcome: 'success',
  };
}
