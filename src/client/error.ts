import type { components } from './generated/schema';

type Problem = components['schemas']['Problem'];
type SlugOf<Type> = Type extends `/problems/${infer Slug}` ? Slug : never;

/** What the API answers errors with, by the last part of a problem's `type`. */
export type ProblemCode = SlugOf<Problem['type']>;

/**
 * Why a call failed: a problem that the API tells of, or
 * - `network`: no connection, or it broke before there was a whole answer
 * - `timeout`: no answer within `timeoutMs`, or within `deadlineMs` after all tries
 * - `unexpected-answer`: something else than this API answered, such as a page of a proxy or a redirect
 */
export type ErrorCode = ProblemCode | 'network' | 'timeout' | 'unexpected-answer';

/** One thing wrong with what was sent. */
export interface ErrorIssue {
  /** JSON Pointer into the body, or `/name` of a query parameter. */
  pointer: string;
  message: string;
}

export interface ErrorFacts {
  code: ErrorCode;
  message: string;
  /** HTTP status; null when there was no answer. */
  status: number | null;
  title: string | null;
  detail: string | null;
  requestId: string | null;
  issues: readonly ErrorIssue[];
  /** From `Retry-After`; null without one. */
  retryAfterMs: number | null;
  /** `POST /api/v1/events`: without host, query, headers or body. */
  operation: string;
}

/**
 * What every call throws when it fails; an aborted one throws the reason of its signal instead. No header, body or
 * credential of a request is in it.
 */
export class EverhookError extends Error {
  override readonly name = 'EverhookError';
  readonly code: ErrorCode;
  readonly status: number | null;
  readonly title: string | null;
  readonly detail: string | null;
  /** For whoever runs Everhook: their log has it too. */
  readonly requestId: string | null;
  readonly issues: readonly ErrorIssue[];
  readonly retryAfterMs: number | null;
  readonly operation: string;
  /** How often the request was sent. */
  readonly attempts: number;

  constructor({ message, ...facts }: ErrorFacts, attempts: number) {
    super(message);
    this.code = facts.code;
    this.status = facts.status;
    this.title = facts.title;
    this.detail = facts.detail;
    this.requestId = facts.requestId;
    this.issues = facts.issues;
    this.retryAfterMs = facts.retryAfterMs;
    this.operation = facts.operation;
    this.attempts = attempts;
  }
}

/** Facts of a failure without an answer that says anything. */
export function bareFacts(
  facts: Pick<ErrorFacts, 'code' | 'message' | 'operation'>,
  status: number | null = null,
): ErrorFacts {
  return { ...facts, status, title: null, detail: null, requestId: null, issues: [], retryAfterMs: null };
}

/** Whether it is an error of this client, also when the package is loaded twice. */
export function isEverhookError(error: unknown): error is EverhookError {
  return error instanceof Error && error.name === 'EverhookError' && 'code' in error && 'attempts' in error;
}
