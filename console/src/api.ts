import type { Problem } from './problem';

/** Requests to Everhook's own API, with the session's cookie. */

export type { Problem };

/** What an answer that is not a success says, from its problem details (RFC 9457) where it has some. */
export class ApiError extends Error {
  override name = 'ApiError';

  constructor(
    /** 0: there was no answer. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** What is wrong where: JSON Pointers into the body, or `/name` of a query parameter. */
    readonly problems: readonly Problem[] = [],
    readonly requestId: string | null = null,
  ) {
    super(detail || title);
  }

  /** It may well be over soon: worth another try as it is. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** What is wrong with a field of the body, for `<Field error>`. */
  at(pointer: string): string | undefined {
    const found = this.problems.filter((problem) => problem.pointer === pointer);
    return found.length ? found.map((problem) => problem.message).join('; ') : undefined;
  }
}

/** Fired on `window` when the session is over. */
export const signedOutEvent = 'everhook:signed-out';
/** Fired on `window` when there is a session again: what was refused meanwhile can be asked anew. */
export const signedInEvent = 'everhook:signed-in';

const tenantKey = 'everhook.tenant';

export interface Tenant {
  id: string;
  name: string;
}

/** The tenant that the pages of this tab are about; null while an operator has chosen none. */
export function chosenTenant(): Tenant | null {
  return JSON.parse(sessionStorage.getItem(tenantKey) ?? 'null');
}

export function chooseTenant(tenant: Tenant | null): void {
  if (tenant === null) sessionStorage.removeItem(tenantKey);
  else sessionStorage.setItem(tenantKey, JSON.stringify(tenant));
}

/** @throws ApiError for every answer that is not a success, and where there is none */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, { method: 'GET', ...(signal && { signal }) });
}

/** Answers null where the answer has no body. @throws ApiError as {@link get} */
export function send<T = unknown>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  return request<T>(path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** `path` with the parameters that have a value. */
export function withQuery(path: string, parameters: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  return query.size ? `${path}?${query}` : path;
}

/** Longer than the API takes for anything: what has not answered by then does not answer. */
const patienceMs = 40_000;

async function request<T>(path: string, { signal, ...init }: RequestInit): Promise<T> {
  const tenant = path.startsWith('/console/') ? null : chosenTenant();
  const patience = AbortSignal.timeout(patienceMs);
  try {
    const response = await fetch(path, {
      ...init,
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        // A page of another site cannot set it: the server takes the cookie only with it.
        'x-everhook-console': '1',
        ...(tenant !== null && { 'x-everhook-tenant': tenant.id }),
        ...init.headers,
      },
    });
    if (!response.ok) throw await refusal(path, init, response);
    return JSON.parse((await response.text()) || 'null');
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(0, 'Everhook can not be reached', unanswered(init));
  }
}

/** What is not known where no answer of Everhook came. */
function unanswered({ method }: RequestInit): string {
  return method === 'GET'
    ? 'Check your connection. What this page shows may be out of date.'
    : 'It is not known whether this was done. Look before you do it again.';
}

async function refusal(path: string, init: RequestInit, response: Response): Promise<ApiError> {
  const { status, headers } = response;
  if (status === 401 && !path.startsWith('/console/')) {
    window.dispatchEvent(new Event(signedOutEvent));
    return new ApiError(status, 'Your session was over', 'This was not done. You can do it again.');
  }
  const body: { title?: string; detail?: string; errors?: Problem[]; requestId?: string } = await response
    .json()
    // What stands in front of Everhook answers in its own words.
    .catch(() => ({ title: status >= 500 ? `Everhook is not available (${status})` : `Error ${status}` }));
  const { title = `Error ${status}`, detail = status >= 500 ? unanswered(init) : '', errors = [] } = body;
  return new ApiError(status, title, detail, errors, body.requestId ?? headers.get('x-request-id'));
}
