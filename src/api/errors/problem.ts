import { z } from 'zod';
import { problems, type ApiError, type ProblemSlug } from './api-error';
import type { ErrorFormat } from './format';

const slugs = Object.keys(problems) as [ProblemSlug, ...ProblemSlug[]];

export const problemSchema = z
  .strictObject({
    type: z.enum(slugs.map((slug) => `/problems/${slug}`)),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    requestId: z.string(),
    errors: z
      .array(z.strictObject({ pointer: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong where: JSON Pointers into the body, or `/name` of a query parameter.' }),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem details.',
    example: {
      type: '/problems/validation-failed',
      title: 'The request is not valid',
      status: 400,
      detail: 'The body is not valid.',
      requestId: '0b8e6f6c-8a51-4d0f-9d3c-1f2e3d4c5b6a',
      errors: [{ pointer: '/targetUrl', message: 'The URL must start with https://.' }],
    },
  });

/** RFC 9457, for every path that is Everhook's own. */
export const problemFormat: ErrorFormat = {
  contentType: 'application/problem+json',
  schema: problemSchema,
  body: (error, requestId) => ({
    type: `/problems/${error.slug}`,
    title: problems[error.slug].title,
    status: error.status,
    detail: error.detail,
    requestId,
    ...(error.extra.issues?.length && { errors: presentIssues(error) }),
  }),
};

function presentIssues({ extra }: ApiError) {
  return (extra.issues ?? []).map(({ path, message }) => ({ pointer: toPointer(path), message }));
}

/** RFC 6901. A key can be as long as a body: only its beginning is repeated. */
export function toPointer(path: readonly (string | number)[]): string {
  return path
    .map((part) => `/${String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, 1000);
}
