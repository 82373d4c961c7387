import { inspect } from 'node:util';
import { AwsFailure, callAws, type AwsService } from '../../../src/platform/aws/errors';

/** An error as the SDK throws it. */
function thrown(name: string, httpStatusCode?: number, more: object = {}): Error {
  const error = new Error('raw text with s3cr3t');
  error.name = name;
  return Object.assign(error, { ...(httpStatusCode && { $metadata: { httpStatusCode, requestId: 'req-1' } }) }, more);
}

async function failureOf(error: unknown, service: AwsService = 'api-gateway'): Promise<AwsFailure> {
  const failure: unknown = await callAws(service, 'CreateApiKey', undefined, () => Promise.reject(error)).catch(
    (caught: unknown) => caught,
  );
  if (!(failure instanceof AwsFailure)) throw new Error('not classified');
  return failure;
}

describe('a failed call on AWS', () => {
  it.each([
    ['throttled', thrown('TooManyRequestsException', 429)],
    ['throttled', thrown('LimitExceededException', 429)],
    ['throttled', thrown('Unheard', 429)],
    ['unavailable', thrown('ServiceUnavailableException', 503)],
    ['unavailable', thrown('InternalFailure', 500)],
    ['unavailable', thrown('TimeoutError')],
    ['unavailable', thrown('Error', undefined, { code: 'ECONNRESET' })],
    ['unavailable', thrown('Error', undefined, { code: 'EAI_AGAIN' })],
    ['unavailable', thrown('SyntaxError', 201)],
    ['unavailable', 'not even an error'],
    ['denied', thrown('AccessDeniedException', 403)],
    ['denied', thrown('UnauthorizedException', 401)],
    ['denied', thrown('CredentialsProviderError')],
    ['denied', thrown('ExpiredTokenException', 400)],
    ['denied', thrown('<html>', 403)],
    ['refused', thrown('BadRequestException', 400)],
    ['not_found', thrown('NotFoundException', 404)],
    ['conflict', thrown('ConflictException', 409)],
  ])('is %s: %s', async (kind, error) => {
    expect((await failureOf(error)).kind).toBe(kind);
  });

  it.each([
    ['refused', thrown('LimitExceededException', 400)],
    ['refused', thrown('InvalidParameterException', 400)],
    ['not_found', thrown('ResourceNotFoundException', 400)],
    ['unavailable', thrown('ConcurrentModificationException', 400)],
    ['unavailable', thrown('InternalErrorException', 500)],
    ['denied', thrown('NotAuthorizedException', 400)],
  ])('of Cognito is %s: %s', async (kind, error) => {
    expect((await failureOf(error, 'cognito')).kind).toBe(kind);
  });

  it('says nothing that AWS said', async () => {
    const failure = await failureOf(thrown('BadRequestException', 400, { $response: { headers: { x: 's3cr3t' } } }));
    expect(failure.message).toBe('CreateApiKey was refused by AWS: BadRequestException (400)');
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('s3cr3t');
    expect((await failureOf(thrown('s3cr3t <b>', 500))).message).not.toContain('s3cr3t');
  });

  it.each([
    [{ retryAfterSeconds: '3' }, 3_000],
    [{ $response: { headers: { 'retry-after': '7' } } }, 7_000],
    [{ retryAfterSeconds: '86400' }, 60_000],
    [{ retryAfterSeconds: 'soon' }, null],
    [{}, null],
  ])('tells how long AWS asks to wait: %j', async (more, expected) => {
    expect((await failureOf(thrown('TooManyRequestsException', 429, more))).retryAfterMs).toBe(expected);
  });

  it('that was called off throws the reason of that', async () => {
    const off = new AbortController();
    off.abort(new Error('called off'));
    await expect(callAws('cognito', 'X', off.signal, () => Promise.reject(thrown('AbortError')))).rejects.toThrow(
      'called off',
    );
  });
});
