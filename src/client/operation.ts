import { EverhookError, bareFacts } from './error';
import { operations } from './generated/operations';
import type { operations as Operations } from './generated/schema';
import { jsonOf } from './json';
import { createPaged, type Page, type Paged } from './paged';
import type { Answer, Authorization, CallOptions, Send } from './send';

export type OperationId = keyof typeof operations & keyof Operations;

export type QueryOf<Id extends OperationId> = NonNullable<Operations[Id]['parameters']['query']>;

export type BodyOf<Id extends OperationId> = Operations[Id] extends {
  requestBody?: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

type Content<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : undefined;
/** Of every status that is a success. */
export type AnswerOf<Id extends OperationId> = Content<Operations[Id]['responses'][keyof Operations[Id]['responses']]>;

export type ItemOf<Id extends OperationId> = AnswerOf<Id> extends { data: (infer Item)[] } ? Item : never;

export interface Input<Id extends OperationId> {
  path?: Record<string, string>;
  query?: QueryOf<Id> | undefined;
  body?: BodyOf<Id> | undefined;
  /** Unless said: whether the method's meaning lets twice be as once. */
  isRepeatable?: boolean;
  alsoGood?: readonly number[];
}

/** What a query may have; what is undefined is left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** Calls of the API by the names of its operations. */
export interface Caller {
  call<Id extends OperationId>(id: Id, input: Input<Id>, options?: CallOptions): Promise<AnswerOf<Id>>;
  list<Id extends OperationId>(id: Id, query?: QueryOf<Id>, options?: CallOptions): Paged<ItemOf<Id>>;
  request(method: string, path: string, input?: RequestInput, options?: CallOptions): Promise<unknown>;
}

/** For paths that have no method of their own. */
export interface RequestInput {
  query?: Query;
  /** A value to be sent as JSON. */
  body?: unknown;
  /** JSON text to be sent as it is. */
  text?: string;
  /** Whether twice is as once; unless said, as its method has it: GET, HEAD, PUT, PATCH and DELETE. */
  isRepeatable?: boolean;
  alsoGood?: readonly number[];
  /** False: without an access token. */
  needsToken?: boolean;
}

/** PATCH too: a change of ours says what a member is from then on, not what to do to it. */
const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']);

export function createCaller(
  { base, send, authorization }: { base: string; send: Send; authorization: Authorization },
  userAgent: string,
): Caller {
  async function ask(method: string, path: string, input: RequestInput, options: CallOptions = {}): Promise<Answer> {
    const { query = {}, body, text, needsToken = true, alsoGood } = input;
    // Behind the base, `@elsewhere.example` or `.elsewhere.example` would be another host, which would get the token.
    if (!path.startsWith('/')) throw new TypeError('a path begins with a slash');
    const json = text ?? (body === undefined ? undefined : jsonOf(body));
    const request = {
      method,
      path: path + searchOf(query),
      operation: `${method} ${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: json }),
      isRepeatable: input.isRepeatable ?? repeatableMethods.has(method.toUpperCase()),
      ...(alsoGood && { alsoGood }),
    };
    return send(request, options, needsToken ? authorization : null);
  }

  const caller: Caller = {
    async request(method, path, input = {}, options) {
      const answer = await ask(method, path, input, options);
      return answer.text === '' ? null : parsed(answer, { base, operation: `${method} ${path}` });
    },

    async call(id, { path = {}, query, ...input }, options) {
      const { method, path: template, needsToken } = operations[id];
      const filled = template.replace(/\{(\w+)\}/g, (_all, name: string) => segment(path[name]));
      const request = { ...input, ...(query && { query: query as Query }), needsToken };
      const answer = await ask(method, filled, request, options);
      // Of ours, only what has no content is empty; something in between may have lost it.
      const document = answer.status === 204 ? undefined : parsed(answer, { base, operation: `${method} ${filled}` });
      return document as AnswerOf<typeof id>;
    },

    list<Id extends OperationId>(id: Id, query?: QueryOf<Id>, options?: CallOptions) {
      return createPaged<ItemOf<Id>>(async (cursor) => {
        const asked = cursor === undefined ? query : { ...query, cursor };
        const page = await caller.call(id, { query: asked as QueryOf<Id> | undefined }, options);
        return page as Page<ItemOf<Id>>;
      });
    },
  };
  return caller;
}

/** An id as part of a path. Without a text, or with one that would be another path, there is nothing to ask for. */
function segment(text: string | undefined): string {
  if (typeof text !== 'string' || text === '' || text === '.' || text === '..') {
    throw new TypeError('the id of what is asked for is missing');
  }
  return encodeURIComponent(text);
}

function searchOf(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size > 0 ? `?${parameters.toString()}` : '';
}

function parsed({ status, text, attempts }: Answer, { base, operation }: { base: string; operation: string }): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const message = `${base} answered something else than JSON`;
    throw new EverhookError(bareFacts({ code: 'unexpected-answer', message, operation }, status), attempts);
  }
}
