import { bareFacts, type ErrorFacts } from './error';
import { longestTimerMs } from './limits';
import type { CallScope } from './scope';

/** As much of `fetch` as is needed. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
}

/** A whole answer, whatever its status. */
export interface HttpAnswer {
  kind: 'answer';
  status: number;
  headers: Headers;
  text: string;
}

/** There is no whole answer. `sent`: the other side may have got the request. */
export interface NoAnswer {
  kind: 'none';
  sent: boolean;
  code: 'network' | 'timeout';
  reason: string;
}

/** Errors before there is a connection: the request was not sent. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** One exchange, from the connection to the end of the body. @throws the reason of the caller's signal */
export async function exchange(
  fetch: Fetch,
  { url, ...request }: HttpRequest,
  { scope, timeoutMs }: { scope: CallScope; timeoutMs: number },
): Promise<HttpAnswer | NoAnswer> {
  scope.check();
  // One controller a request: AbortSignal.any() keeps what hangs on a signal that lives long.
  const controller = new AbortController();
  let timedOut = false;
  const abort = () => controller.abort();
  const forget = scope.onAbort(abort);
  const ms = Math.min(timeoutMs, scope.leftMs(), longestTimerMs);
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, ms);
  try {
    // A redirect could lead the token elsewhere.
    const response = await fetch(url, { ...request, redirect: 'manual', signal: controller.signal });
    return { kind: 'answer', status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    scope.check();
    if (timedOut) {
      return { kind: 'none', sent: true, code: 'timeout', reason: `no answer within ${Math.ceil(ms) / 1000} s` };
    }
    const { code, reason } = networkReason(error);
    return { kind: 'none', sent: !unsentCodes.has(code), code: 'network', reason };
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** fetch tells what happened in the cause of a TypeError, whose own message may repeat headers. */
function networkReason(error: unknown): { code: string; reason: string } {
  const cause = memberOf(error, 'cause');
  const [code, message] = [memberOf(cause, 'code'), memberOf(cause, 'message')].map((one) =>
    typeof one === 'string' ? one : '',
  );
  return { code: code ?? '', reason: code || message || 'the request can not be sent' };
}

/** Not by class: errors of the network come from another realm where a program runs in one of its own. */
function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

export function noAnswerFacts({ code, reason }: NoAnswer, base: string, operation: string): ErrorFacts {
  return bareFacts({ code, message: `${base} does not answer: ${reason}`, operation });
}
