/**
 * What a failed call on AWS means, decided here once.
 * - `throttled`, `unavailable`: worth trying again. After `unavailable` nobody knows whether it happened.
 * - `denied`: our rights or our credentials; a few tries, for a session token may just have been renewed.
 * - `refused`: it will be refused again.
 * - `not_found`, `conflict`: for the caller to judge.
 */
export type AwsFailureKind = 'throttled' | 'unavailable' | 'denied' | 'refused' | 'not_found' | 'conflict';

/**
 * A call that failed. The message is ours: AWS's own may quote what it was sent, so neither it nor the response is kept.
 */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure';

  constructor(
    /** Such as `CreateApiKey`. */
    readonly operation: string,
    readonly kind: AwsFailureKind,
    /** Name of AWS's error or of the network's. */
    readonly errorName: string,
    readonly httpStatus: number | null,
    readonly requestId: string | null,
    /** How long AWS asks to wait. */
    readonly retryAfterMs: number | null,
  ) {
    super(`${operation} ${described[kind]}: ${errorName}${httpStatus === null ? '' : ` (${httpStatus})`}`);
  }
}

const described: Record<AwsFailureKind, string> = {
  throttled: 'was throttled by AWS',
  unavailable: 'got no usable answer from AWS',
  denied: 'was denied by AWS',
  refused: 'was refused by AWS',
  not_found: 'found nothing in AWS',
  conflict: 'conflicts with what AWS has',
};

export type AwsService = 'api-gateway' | 'cognito' | 'kms';

/** Names decide before the status does. `LimitExceededException` is a quota in Cognito and a rate in API Gateway. */
const byName: Record<string, AwsFailureKind> = {
  TooManyRequestsException: 'throttled',
  ThrottlingException: 'throttled',
  Throttling: 'throttled',
  RequestLimitExceeded: 'throttled',
  ServiceUnavailableException: 'unavailable',
  InternalErrorException: 'unavailable',
  ConcurrentModificationException: 'unavailable',
  TimeoutError: 'unavailable',
  AccessDeniedException: 'denied',
  UnauthorizedException: 'denied',
  NotAuthorizedException: 'denied',
  UnrecognizedClientException: 'denied',
  InvalidSignatureException: 'denied',
  SignatureDoesNotMatch: 'denied',
  InvalidClientTokenId: 'denied',
  MissingAuthenticationTokenException: 'denied',
  IncompleteSignatureException: 'denied',
  ExpiredTokenException: 'denied',
  ExpiredToken: 'denied',
  CredentialsProviderError: 'denied',
  NotFoundException: 'not_found',
  ResourceNotFoundException: 'not_found',
  ConflictException: 'conflict',
};

/** Runs one call; what it throws is an {@link AwsFailure}, or `signal.reason` when the call was called off. */
export async function callAws<T>(
  service: AwsService,
  operation: string,
  signal: AbortSignal | undefined,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw classified(service, operation, error);
  }
}

function classified(service: AwsService, operation: string, error: unknown): AwsFailure {
  const { name, httpStatus, requestId } = identityOf(error);
  const kind = kindOf(service, name, httpStatus);
  return new AwsFailure(
    operation,
    kind,
    name,
    httpStatus,
    requestId,
    kind === 'throttled' ? retryAfterOf(error) : null,
  );
}

function kindOf(service: AwsService, name: string, status: number | null): AwsFailureKind {
  if (name === 'LimitExceededException') return service === 'cognito' ? 'refused' : 'throttled';
  const named = byName[name];
  if (named) return named;
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'not_found';
  if (status === 409) return 'conflict';
  // Anything else, such as an answer that was cut short, leaves open what happened.
  return status !== null && status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unavailable';
}

const wellFormedName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

function identityOf(error: unknown): { name: string; httpStatus: number | null; requestId: string | null } {
  if (!(error instanceof Error)) return { name: 'UnknownError', httpStatus: null, requestId: null };
  const metadata = property(error, '$metadata');
  const status = property(metadata, 'httpStatusCode');
  const requestId = property(metadata, 'requestId');
  const code = property(error, 'code');
  // The network's code says more than "Error"; a name that is none is something AWS, or somebody between, wrote.
  const name = [error.name === 'Error' ? code : error.name, code, error.name].find(
    (one): one is string => typeof one === 'string' && wellFormedName.test(one),
  );
  return {
    name: name ?? 'UnknownError',
    httpStatus: typeof status === 'number' ? status : null,
    requestId: typeof requestId === 'string' && /^[\w-]{1,64}$/.test(requestId) ? requestId : null,
  };
}

const longestRetryAfterSeconds = 60;

function retryAfterOf(error: unknown): number | null {
  const headers = property(property(error, '$response'), 'headers');
  const seconds = Number(property(error, 'retryAfterSeconds') ?? property(headers, 'retry-after') ?? Number.NaN);
  return seconds > 0 ? Math.min(seconds, longestRetryAfterSeconds) * 1000 : null;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
