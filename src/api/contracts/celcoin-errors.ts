import type { ApiError, ProblemSlug } from '../errors/api-error';
import type { ErrorFormat } from '../errors/format';
import { celcoinError, celcoinTokenError } from '../schemas/celcoin';

const codes: Record<ProblemSlug, string> = {
  'malformed-request': 'invalid_request',
  'validation-failed': 'invalid_request',
  unauthorized: 'unauthorized',
  forbidden: 'unauthorized',
  'not-found': 'not_found',
  'method-not-allowed': 'method_not_allowed',
  'request-timeout': 'request_timeout',
  conflict: 'conflict',
  'payload-too-large': 'payload_too_large',
  'unsupported-media-type': 'unsupported_media_type',
  unprocessable: 'invalid_request',
  'too-many-requests': 'too_many_requests',
  'internal-error': 'server_error',
  'bad-gateway': 'server_error',
  unavailable: 'temporarily_unavailable',
};

/** The source's sentence for its 401, which stands for 403 too: a token that is none is told from no other. */
const notAllowed = 'The used token is not allowed to access the resource';

/** Errors of the interceptors (contracts 2.2; the body is our own decision): 401 also for a token without the scope. */
export const celcoinErrorFormat: ErrorFormat = {
  contentType: 'application/json',
  schema: celcoinError,
  statusOf: (slug) => (slug === 'forbidden' ? 401 : undefined),
  body: (error) => {
    const code = codes[error.slug];
    return { error: code, message: code === 'unauthorized' ? notAllowed : error.detail, ...detailsOf(error) };
  },
};

/** Errors of the token endpoint (contracts 2.1): wrong credentials are told in one word. */
export const celcoinTokenErrorFormat: ErrorFormat = {
  contentType: 'application/json',
  schema: celcoinTokenError,
  body: (error) =>
    error.slug === 'unauthorized'
      ? { error: 'invalid_client' }
      : { error: codes[error.slug], message: error.detail, ...detailsOf(error) },
};

/** No value is repeated: it may be a secret. */
function detailsOf({ extra }: ApiError) {
  if (!extra.issues?.length) return {};
  return { details: extra.issues.map(({ path, message }) => ({ field: path.join('.').slice(0, 100), message })) };
}
