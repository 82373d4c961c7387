import type { FailureCode } from '../../domain/credential-run';
import { ApiError, type Issue, type ProblemSlug } from '../errors/api-error';
import type { ErrorFormat } from '../errors/format';
import { sensediaError } from '../schemas/sensedia';

const retryAfter = { 'Retry-After': '5' };

/** What came of an operation, as an answer (contracts section 1.6). */
const slugs: Record<FailureCode, ProblemSlug> = {
  unknown_usage_plan: 'unprocessable',
  plan_does_not_cover_api: 'unprocessable',
  plans_share_stage: 'unprocessable',
  unknown_scope: 'unprocessable',
  aws_refused: 'bad-gateway',
  aws_throttled: 'unavailable',
  aws_unavailable: 'unavailable',
  deadline: 'unavailable',
  given_up: 'unavailable',
  not_found: 'not-found',
  in_progress: 'conflict',
};

/** An error with a code of its own; the others have that of their kind. */
export class CredentialError extends ApiError {
  constructor(
    slug: ProblemSlug,
    readonly code: string,
    detail: string,
  ) {
    super(slug, detail, slug === 'unavailable' ? { headers: retryAfter } : {});
  }
}

/** @param message a sentence, or what of it an operation kept */
export const failed = (code: FailureCode, message: string) =>
  new CredentialError(slugs[code], code, message.replace(/^./, (first) => first.toUpperCase()).replace(/[^.]$/, '$&.'));

/** `code`, `message` and `requestId` are all that it has, so the message says what is wrong where. */
export const sensediaErrorFormat: ErrorFormat = {
  contentType: 'application/json',
  schema: sensediaError,
  body: (error, requestId) => ({
    code: error instanceof CredentialError ? error.code : error.slug.replaceAll('-', '_'),
    message: [error.detail, ...(error.extra.issues ?? []).map(toSentence)].join(' ').slice(0, 2000),
    requestId,
  }),
};

/** `apis[0].id: must be an id of AWS.` What was sent is not repeated: it may be a secret at the wrong place. */
function toSentence({ path, message }: Issue): string {
  const place = path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part.slice(0, 100)}`))
    .join('');
  return `${place === '' ? '' : `${place}: `}${message}.`;
}
