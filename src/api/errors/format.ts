import type { ZodType } from 'zod';
import { problemFormat } from './problem';
import { problems, type ApiError, type ProblemSlug } from './api-error';

/** How one contract writes its errors. */
export interface ErrorFormat {
  contentType: string;
  /** For OpenAPI and the tests. */
  schema: ZodType;
  body(error: ApiError, requestId: string): object;
  /** Where the contract asks for another status than the error's own. */
  statusOf?(slug: ProblemSlug): number | undefined;
}

/** The status of an error in this format. */
export function statusIn(format: ErrorFormat, slug: ProblemSlug): number {
  return format.statusOf?.(slug) ?? problems[slug].status;
}

/** Errors of every path at or under `prefix` are written in `format`. */
export interface ErrorFormatRow {
  prefix: string;
  format: ErrorFormat;
}

/** The format for a path: that of the first row it falls under, else the native API's problem details. */
export function formatFor(path: string, rows: readonly ErrorFormatRow[]): ErrorFormat {
  const row = rows.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  return row?.format ?? problemFormat;
}
