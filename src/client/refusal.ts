import type { ErrorCode, ErrorFacts, ErrorIssue, ProblemCode } from './error';

const codes: Record<ProblemCode, number> = {
  'malformed-request': 400,
  'validation-failed': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'request-timeout': 408,
  conflict: 409,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  unprocessable: 422,
  'too-many-requests': 429,
  'internal-error': 500,
  'bad-gateway': 502,
  unavailable: 503,
};
const byStatus = new Map(Object.entries(codes).map(([code, status]) => [status, code as ProblemCode]));

/**
 * What is wrong, by an answer that is no success: problem details, an OAuth error, the shape of one of the contracts, or
 * something that a proxy made.
 */
export function refusalOf(
  answer: { status: number; headers: Headers; text: string },
  { base, operation }: { base: string; operation: string },
): ErrorFacts {
  const { status, headers } = answer;
  const body = objectIn(answer.text);
  const title = textIn(body, 'title') ?? textIn(body, 'message') ?? textIn(body, 'error');
  const detail = textIn(body, 'detail') ?? textIn(body, 'error_description');
  const issues = [...issuesIn(body, 'errors', 'pointer', 'message'), ...issuesIn(body, 'details', 'param', 'msg')];
  const requestId = textIn(body, 'requestId') ?? headers.get('x-request-id');
  const said = [...new Set([title, detail])].filter((part) => part !== null);
  const places = issues.map(({ pointer, message }) => `${pointer || '/'}: ${message}`);
  const message =
    said.length === 0 && places.length === 0
      ? `${base} answered HTTP ${status}`
      : `HTTP ${status}${said.length > 0 ? ` ${said.join(': ')}` : ''}` +
        `${places.length > 0 ? ` [${places.join('; ')}]` : ''}${requestId ? ` (request ${requestId})` : ''}`;
  const code = codeOf(status, textIn(body, 'type'));
  const retryAfterMs = retryAfterOf(headers, Date.now());
  return { code, message, status, title, detail, requestId, issues, retryAfterMs, operation };
}

function codeOf(status: number, type: string | null): ErrorCode {
  const slug = type?.replace(/^\/problems\//, '') ?? '';
  if (isProblemCode(slug)) return slug;
  return byStatus.get(status) ?? (status === 504 ? 'unavailable' : 'unexpected-answer');
}

const isProblemCode = (slug: string): slug is ProblemCode => Object.hasOwn(codes, slug);

/**
 * Milliseconds of `Retry-After`, from seconds or an HTTP date; null without one that can be read. A date is held against
 * that of the answer itself, for clocks differ.
 * @param now milliseconds since the epoch, for an answer without `Date`
 */
export function retryAfterOf(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const [at, answeredAt] = [Date.parse(value), Date.parse(headers.get('date') ?? '')];
  return Number.isNaN(at) ? null : Math.max(0, at - (Number.isNaN(answeredAt) ? now : answeredAt));
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function textIn(body: object, key: string): string | null {
  const value: unknown = Reflect.get(body, key);
  return typeof value === 'string' ? value : null;
}

function issuesIn(body: object, key: string, place: string, message: string): ErrorIssue[] {
  const value: unknown = Reflect.get(body, key);
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return [];
    return [{ pointer: textIn(item, place) ?? '', message: textIn(item, message) ?? '' }];
  });
}
