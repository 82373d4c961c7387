/** Requests to Everhook's own API, with the session's cookie. */
import type { Problem } from './problem';

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

  /** What is wrong with a field of the body, for `<Field error>`. */
  at(pointer: string): string | undefined {
    const found = this.problems.filter((problem) => problem.pointer === pointer);
    return found.length ? found.map((problem) => problem.message).join('; ') : undefined;
  }
}


/** Fired on `window` when the session is over. */
export const signedOutEvent = 'everhook:signed-out';

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

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const tenant = path.startsWith('/console/') ? null : chosenTenant();
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        // A page of another site cannot set it: the server takes the cookie only with it.
        'x-everhook-console': '1',
        ...(tenant !== null && { 'x-everhook-tenant': tenant.id }),
        ...init.headers,
      },
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'No answer', 'Everhook could not be reached. It is tried again.');
  }
  if (!response.ok) throw await refusal(path, response);
  return JSON.parse((await response.text()) || 'null');
}

async function refusal(path: string, response: Response): Promise<ApiError> {
  if (response.status === 401 && !path.startsWith('/console/')) window.dispatchEvent(new Event(signedOutEvent));
  const body: { title?: string; detail?: string; errors?: Problem[]; requestId?: string } = await response
    .json()
    .catch(() => ({}));
  const { title = `Error ${response.status}`, detail = '', errors = [] } = body;
  return new ApiError(response.status, title, detail, errors, body.requestId ?? response.headers.get('x-request-id'));
}
