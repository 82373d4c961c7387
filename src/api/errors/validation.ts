import type { ZodError, ZodType, output } from 'zod';
import { ApiError, type Issue } from './api-error';

/** More would only make a long answer to a hopeless body. */
const maxIssues = 20;

/**
 * The value as the schema gives it.
 * @param source what was validated, for the sentence to the caller
 * @throws ApiError 400 with one issue for each thing that is wrong
 */
export function validate<Schema extends ZodType>(
  schema: Schema,
  value: unknown,
  source: 'body' | 'query',
): output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw refusalOf(result.error, value, source);
}

/** The 400 for a value that a schema refused. */
export function refusalOf(error: ZodError, value: unknown, source: 'body' | 'query'): ApiError {
  return new ApiError('validation-failed', `The ${source} is not valid.`, { issues: issuesOf(error, value), source });
}

function issuesOf(error: ZodError, value: unknown): Issue[] {
  return error.issues
    .flatMap((issue): Issue[] => {
      const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => ({ path: [...path, key], message: 'is not a known key' }));
      }
      const sent = valueAt(value, path);
      const message = issue.code === 'invalid_type' && sent === undefined ? 'is required' : issue.message;
      return [{ path, message, value: sent }];
    })
    .slice(0, maxIssues);
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined),
    value,
  );
}
