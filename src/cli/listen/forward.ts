import type { Received } from './verdict';

/** What an app behind `--forward` answered; or why it did not. */
export type Forwarded =
  | { status: number; contentType: string | null; body: Buffer; error: null }
  | { status: 502; contentType: null; body: Buffer; error: string };

/** Of the connection, not of the request. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
  'te',
]);
/** Everhook waits no longer for most webhooks. */
const deadlineMs = 60_000;

/** Hands a request on as it came, signatures included, so that the app verifies it too. Never throws. */
export async function forward(to: string, { method, headers, body }: Received): Promise<Forwarded> {
  const passed = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || hopByHop.has(name) ? [] : [[name, String(value)]],
  );
  try {
    const response = await fetch(to, {
      method,
      headers: passed,
      ...(method !== 'GET' && method !== 'HEAD' && { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
    });
    return {
      status: response.status,
      contentType: response.headers.get('content-type'),
      body: Buffer.from(await response.arrayBuffer()),
      error: null,
    };
  } catch (error) {
    return { status: 502, contentType: null, body: Buffer.alloc(0), error: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'unknown reason';
}
