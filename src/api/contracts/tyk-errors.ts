import type { Issue } from '../errors/api-error';
import type { ErrorFormat } from '../errors/format';
import { tykErrorBody } from '../schemas/tyk';

/** Tyk's errors (contracts section 5.4): sentences, and 422 for JSON whose content is refused. */
export const tykErrorFormat: ErrorFormat = {
  contentType: 'application/json',
  schema: tykErrorBody,
  statusOf: (slug) => (slug === 'validation-failed' || slug === 'conflict' ? 422 : undefined),
  body: ({ detail, extra: { issues = [] } }) => ({ errors: issues.length > 0 ? issues.map(toSentence) : [detail] }),
};

/** `Headers[0].Name: is not a header name`. No value is repeated: it may be a secret. */
function toSentence({ path, message }: Issue): string {
  const place = path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part.slice(0, 100)}`))
    .join('')
    .slice(0, 300);
  return place === '' ? message : `${place}: ${message}`;
}
