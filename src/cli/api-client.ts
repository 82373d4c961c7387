import { z } from 'zod';
import { ConfigurationError } from '../platform/config';
import { CommandFailure, exitCodes, type FailureCode } from './failure';
import { printable } from './output';

export type Query = Record<string, string | number | boolean | undefined>;

/** Everhook's API with a token, for commands and for the demo. */
export interface ApiClient {
  /**
   * @param path below the base URL, such as `/api/v1/webhooks`
   * @param options.body JSON text as it is, or a value to be printed as JSON
   * @returns the answer's JSON, or null when it has no body
   * @throws CommandFailure for every status that isn't 2xx, with the problem on one line
   */
  request(method: string, path: string, options?: { query?: Query; body?: unknown; text?: string }): Promise<unknown>;
  /** The bearer token in use; fetched when there is none. */
  token(): Promise<string>;
}

export type ApiCredentials = { token: string } | { clientId: string; clientSecret: string };

const deadlineMs = 30_000;

/** `EVERHOOK_URL` and the credentials beside it. @throws ConfigurationError */
export function apiClientFromEnvironment(env: NodeJS.ProcessEnv): ApiClient {
  const baseUrl = env.EVERHOOK_URL || 'http://localhost:3000';
  if (!/^https?:\/\//i.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new ConfigurationError('EVERHOOK_URL is malformed: an http or https URL');
  }
  if (env.EVERHOOK_TOKEN) return createApiClient(baseUrl, { token: env.EVERHOOK_TOKEN });
  if (!env.EVERHOOK_CLIENT_ID || !env.EVERHOOK_CLIENT_SECRET) {
    const missing = env.EVERHOOK_CLIENT_ID ? 'EVERHOOK_CLIENT_SECRET is' : 'EVERHOOK_TOKEN is';
    throw new ConfigurationError(
      `${missing} not set; the API takes EVERHOOK_TOKEN, or EVERHOOK_CLIENT_ID and EVERHOOK_CLIENT_SECRET`,
    );
  }
  return createApiClient(baseUrl, { clientId: env.EVERHOOK_CLIENT_ID, clientSecret: env.EVERHOOK_CLIENT_SECRET });
}

export function createApiClient(baseUrl: string, credentials: ApiCredentials): ApiClient {
  const base = baseUrl.replace(/\/+$/, '');
  let token: Promise<string> | undefined;

  async function send(path: string, init: RequestInit): Promise<unknown> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${base}${path}`, {
        ...init,
        redirect: 'manual',
        signal: AbortSignal.timeout(deadlineMs),
      });
      text = await response.text();
    } catch (error) {
      throw new CommandFailure(`${base} does not answer: ${reasonOf(error)}`, exitCodes.unavailable);
    }
    if (!response.ok) throw refusal(base, response.status, parse(text));
    if (text === '') return null;
    const answer = parse(text);
    if (answer === undefined) throw new CommandFailure(`${base} answered something else than JSON`);
    return answer;
  }

  async function fetchToken(): Promise<string> {
    if ('token' in credentials) return credentials.token;
    const basic = [credentials.clientId, credentials.clientSecret].map(encodeURIComponent).join(':');
    const answer = await send('/oauth2/token', {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    });
    const result = z.object({ access_token: z.string() }).safeParse(answer);
    if (!result.success) throw new CommandFailure(`${base}/oauth2/token answered without an access_token`);
    return result.data.access_token;
  }

  const currentToken = () => (token ??= fetchToken());

  return {
    token: currentToken,

    async request(method, path, { query = {}, body, text } = {}) {
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) parameters.set(name, String(value));
      }
      const search = parameters.size > 0 ? `?${parameters}` : '';
      const json = text ?? (body === undefined ? undefined : JSON.stringify(body));
      return send(`${path}${search}`, {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${await currentToken()}`,
          ...(json !== undefined && { 'content-type': 'application/json' }),
        },
        ...(json !== undefined && { body: json }),
      });
    },
  };
}

/** Every error shape the API answers with: problem+json, sovrin's, OAuth's. */
const errorShape = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  message: z.string().optional(),
  details: z.array(z.object({ param: z.string(), msg: z.string() })).optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
});

function refusal(base: string, status: number, body: unknown): CommandFailure {
  const exitCode: FailureCode = [429, 502, 503, 504].includes(status) ? exitCodes.unavailable : exitCodes.failed;
  const result = errorShape.safeParse(body);
  if (!result.success) return new CommandFailure(`${base} answered HTTP ${status}`, exitCode);
  const { title, detail, message, error, error_description: description, errors, details, requestId } = result.data;
  const said = [...new Set([title ?? message ?? error, detail ?? description])].filter((part) => part !== undefined);
  const places = [
    ...(errors ?? []).map(({ pointer, message: problem }) => `${pointer || '/'}: ${problem}`),
    ...(details ?? []).map(({ param, msg }) => `${param}: ${msg}`),
  ];
  const line = [
    `HTTP ${status}${said.length > 0 ? ` ${said.join(': ')}` : ''}`,
    places.length > 0 ? ` [${places.join('; ')}]` : '',
    requestId ? ` (request ${requestId})` : '',
  ].join('');
  return new CommandFailure(printable(line), exitCode);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch hides what happened in the cause of a TypeError. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  if (error.name === 'TimeoutError') return `no answer within ${deadlineMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : error.message;
}
