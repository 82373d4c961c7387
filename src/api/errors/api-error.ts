/** One thing wrong with a request. */
export interface Issue {
  /** Where in the body or query; empty for the whole of it. */
  path: readonly (string | number)[];
  message: string;
  /** What was sent there, for the contracts that repeat it; absent where it may not be shown. */
  value?: unknown;
}

/** Every kind of error the API answers with: the last part of `type` in problem details, its status and its title. */
export const problems = {
  'malformed-request': { status: 400, title: 'The request is malformed' },
  'validation-failed': { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'Authentication is required' },
  forbidden: { status: 403, title: 'The token lacks a scope' },
  'not-found': { status: 404, title: 'Not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'The request conflicts with the current state' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  unprocessable: { status: 422, title: 'The request can not be processed' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'Internal error' },
  'bad-gateway': { status: 502, title: 'A service behind this one refused' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const;

export type ProblemSlug = keyof typeof problems;

/** An answer other than success. Thrown anywhere in a request; written in the format of the request's path. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(
    readonly slug: ProblemSlug,
    /** One sentence for the caller. */
    readonly detail: string,
    readonly extra: {
      issues?: readonly Issue[];
      /** Where the issues are; the body unless said otherwise. */
      source?: 'body' | 'query';
      headers?: Record<string, string>;
    } = {},
  ) {
    super(detail);
    this.status = problems[slug].status;
  }
}

/** The same for an unknown path, an unknown id, a malformed id and another tenant's id. */
export const notFound = () => new ApiError('not-found', 'There is nothing here.');

export const malformed = (detail: string, issues: readonly Issue[] = []) =>
  new ApiError('malformed-request', detail, { issues });

export const conflict = (detail: string) => new ApiError('conflict', detail);

export const invalid = (issues: readonly Issue[], detail = 'The body is not valid.') =>
  new ApiError('validation-failed', detail, { issues });

export const unprocessable = (issues: readonly Issue[], detail = 'The event can not be published.') =>
  new ApiError('unprocessable', detail, { issues });

export const tooManyRequests = (retryAfterSeconds: number) =>
  new ApiError('too-many-requests', 'The rate limit is reached.', {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
