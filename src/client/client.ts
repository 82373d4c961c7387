import { createAccessToken, type Credentials } from './access-token';
import type { Fetch } from './exchange';
import { defaultLimits, limitsOf } from './limits';
import { createCaller, type Caller } from './operation';
import { createResources } from './resources';
import { createSend } from './send';

/** Where the API is, who calls, and how long a call may take. */
export type ClientOptions = Credentials & {
  /** Of the API, such as `https://everhook.example`; a path before the API's own may follow. */
  url: string;
  /** For one try; 10 s unless said. */
  timeoutMs?: number;
  /** For a call with all its tries and the waits between them; 60 s unless said. */
  deadlineMs?: number;
  /** How often a request is sent at most; 5 unless said, 1: never again. */
  maxAttempts?: number;
  /** Instead of the global `fetch`, for one with a proxy or an authority of its own. */
  fetch?: Fetch;
  /** In front of the client's own `User-Agent`. */
  userAgent?: string;
};

/** A client of one tenant. Its methods may be called at the same time; they share the access token. */
export type EverhookClient = ReturnType<typeof createResources> &
  Pick<Caller, 'request'> & {
    /** The access token in use; fetched when there is none. Keep it out of logs. */
    token(): Promise<string>;
  };

/**
 * @throws TypeError for options that can not work; calls throw EverhookError
 */
export function createClient(options: ClientOptions): EverhookClient {
  const base = baseOf(options.url);
  const limits = limitsOf(options, defaultLimits);
  const send = createSend({
    base,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    limits,
    random: Math.random,
  });
  const accessToken = createAccessToken(credentialsOf(options), send);
  const userAgent = [options.userAgent, 'everhook-client'].filter((part) => part !== undefined).join(' ');
  const caller = createCaller({ base, send, authorization: accessToken }, userAgent);
  return { ...createResources(caller), request: caller.request, token: accessToken.current };
}

function baseOf(url: string): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw new TypeError('url: an http or https URL');
  // It would be in errors.
  if (parsed.username || parsed.password) throw new TypeError('url: without a user name and a password');
  if (/[?#]/.test(url)) throw new TypeError('url: without a query and a fragment');
  return url.replace(/\/+$/, '');
}

/** Only what they are, so that nothing else of the options is held on to. */
function credentialsOf(options: ClientOptions): Credentials {
  if ('token' in options && options.token) return { token: options.token };
  const { clientId, clientSecret, scope } = options as Partial<Extract<Credentials, { clientId: string }>>;
  if (!clientId || !clientSecret) throw new TypeError('clientId and clientSecret, or token, are missing');
  return { clientId, clientSecret, ...(scope !== undefined && { scope }) };
}
