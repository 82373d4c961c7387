import { EverhookError } from './error';
import { exchange, noAnswerFacts, type Fetch, type HttpAnswer } from './exchange';
import { limitsOf, type Limits } from './limits';
import { refusalOf } from './refusal';
import { mayHaveHappened, mayRetry, retryWaitMs } from './retries';
import { createScope, type CallScope } from './scope';

/** What a call may set for itself; the rest is as the client has it. */
export interface CallOptions extends Partial<Limits> {
  /** Aborts the call with all its tries; it throws the signal's reason. */
  signal?: AbortSignal;
}

/** A request as it may be sent several times. */
export interface Request {
  method: string;
  /** With its query, below the base URL. */
  path: string;
  /** For errors: `GET /api/v1/deliveries`. */
  operation: string;
  headers: Record<string, string>;
  body?: string;
  /** Whether twice is as once, so that it may be sent again when nobody knows whether it was carried out. */
  isRepeatable: boolean;
  /** Statuses besides 2xx whose body is the answer. */
  alsoGood?: readonly number[];
}

/** Adds an access token. */
export interface Authorization {
  /** @param scope of the call that waits for it */
  header(scope: CallScope): Promise<string>;
  /** After a 401: whether there may be another one than this. */
  renew(header: string): boolean;
}

/** A success, whose body is yet to be read. */
export interface Answer {
  status: number;
  text: string;
  /** How often the request was sent. */
  attempts: number;
}

/** Sends a request until it is answered. @throws EverhookError, and TypeError for limits that can not be meant */
export type Send = (request: Request, options: CallOptions, authorization: Authorization | null) => Promise<Answer>;

export function createSend({
  base,
  fetch,
  limits,
  random,
}: {
  base: string;
  fetch: Fetch;
  limits: Limits;
  random: () => number;
}): Send {
  return async (request, options, authorization) => {
    const { timeoutMs, deadlineMs, maxAttempts } = limitsOf(options, limits);
    const scope = createScope(request.operation, { signal: options.signal, deadlineMs });
    let renewed = false;
    let inDoubt = false;
    for (let attempt = 1; ; attempt += 1) {
      const header = await authorization?.header(scope);
      const headers = { ...request.headers, ...(header !== undefined && { authorization: header }) };
      const { method, path, body } = request;
      const sent = { method, url: `${base}${path}`, headers, ...(body !== undefined && { body }) };
      const outcome = await exchange(fetch, sent, { scope, timeoutMs });
      if (outcome.kind === 'answer') {
        if (isGood(outcome, request)) return { status: outcome.status, text: outcome.text, attempts: attempt };
        // What an earlier try may have removed is gone.
        if (outcome.status === 404 && method === 'DELETE' && inDoubt)
          return { status: 204, text: '', attempts: attempt };
        if (outcome.status === 401 && !renewed && header !== undefined && authorization?.renew(header)) {
          renewed = true;
          attempt -= 1;
          continue;
        }
      }
      inDoubt ||= mayHaveHappened(outcome);
      const waitMs = retryWaitMs(outcome, attempt, random);
      if (attempt >= maxAttempts || waitMs >= scope.leftMs() || !mayRetry(outcome, request.isRepeatable)) {
        const { operation } = request;
        const facts =
          outcome.kind === 'none' ? noAnswerFacts(outcome, base, operation) : refusalOf(outcome, { base, operation });
        throw new EverhookError(facts, attempt);
      }
      await scope.sleep(waitMs);
    }
  };
}

const isGood = ({ status }: HttpAnswer, { alsoGood = [] }: Request) =>
  (status >= 200 && status < 300) || alsoGood.includes(status);
