import type { Issue, ProblemSlug } from '../errors/api-error';
import type { ErrorFormat } from '../errors/format';
import { sovrinErrorBody } from '../schemas/sovrin';

const codes: Record<ProblemSlug, string> = {
  'malformed-request': 'BadRequest',
  'validation-failed': 'BadRequest',
  unauthorized: 'Unauthorized',
  forbidden: 'Forbidden',
  'not-found': 'NotFound',
  'method-not-allowed': 'MethodNotAllowed',
  'request-timeout': 'RequestTimeout',
  conflict: 'Conflict',
  'payload-too-large': 'PayloadTooLarge',
  'unsupported-media-type': 'UnsupportedMediaType',
  unprocessable: 'UnprocessableEntity',
  'too-many-requests': 'TooManyRequests',
  'internal-error': 'InternalServerError',
  'bad-gateway': 'BadGateway',
  unavailable: 'ServiceUnavailable',
};

/** Sovrin's errors (contracts section 4.1): every issue with the value that was sent. */
export const sovrinErrorFormat: ErrorFormat = {
  contentType: 'application/json',
  schema: sovrinErrorBody,
  body: (error) => ({
    code: codes[error.slug],
    message: error.detail,
    details: (error.extra.issues ?? []).map((issue) => ({
      ...shownValue(issue),
      msg: issue.message,
      param: paramOf(issue.path),
      location: error.extra.source ?? 'body',
    })),
  }),
};

/** `events[0]`, as express-validator writes it, whose format this is. */
function paramOf(path: Issue['path']): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part.slice(0, 100)}`))
    .join('')
    .slice(0, 300);
}

const knownKeys = new Set(['events', 'disabled', 'limit', 'cursor']);
const maxLength = 200;

/**
 * The value is repeated where it can't be a secret and is short: a URL may carry one in its user name or query, an
 * unknown key may be anything.
 */
function shownValue({ path: [key], value }: Issue): { value?: unknown } {
  if (value === undefined) return {};
  const harmless = typeof key === 'string' && (knownKeys.has(key) || (key === 'url' && isPlainUrl(value)));
  if (!harmless) return { value: '[redacted]' };
  if (typeof value === 'string') return { value: value.slice(0, maxLength) };
  const isSmall = typeof value !== 'object' || value === null || JSON.stringify(value).length <= maxLength;
  return { value: isSmall ? value : '[too long]' };
}

function isPlainUrl(value: unknown): boolean {
  return typeof value !== 'string' || !/[@?#]/.test(value);
}
