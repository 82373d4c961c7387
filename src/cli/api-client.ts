import { createClient, type Credentials, type EverhookClient } from '../client';
import { ConfigurationError } from '../platform/config';
import { apiUrl } from './api-url';

/** Everhook's API with a token, for commands and for the demo. Calls throw EverhookError. */
export type ApiClient = EverhookClient;

/** Somebody waits at a terminal: short outages are waited for, longer ones are told. */
const limits = { timeoutMs: 20_000, deadlineMs: 30_000, maxAttempts: 3 };

/** `EVERHOOK_URL` and the credentials beside it. @throws ConfigurationError */
export function apiClientFromEnvironment(env: NodeJS.ProcessEnv): ApiClient {
  const baseUrl = apiUrl(env);
  if (env.EVERHOOK_TOKEN) return createApiClient(baseUrl, { token: env.EVERHOOK_TOKEN });
  if (!env.EVERHOOK_CLIENT_ID || !env.EVERHOOK_CLIENT_SECRET) {
    const missing = env.EVERHOOK_CLIENT_ID ? 'EVERHOOK_CLIENT_SECRET is' : 'EVERHOOK_TOKEN is';
    throw new ConfigurationError(
      `${missing} not set; the API takes EVERHOOK_TOKEN, or EVERHOOK_CLIENT_ID and EVERHOOK_CLIENT_SECRET`,
    );
  }
  return createApiClient(baseUrl, { clientId: env.EVERHOOK_CLIENT_ID, clientSecret: env.EVERHOOK_CLIENT_SECRET });
}

export function createApiClient(url: string, credentials: Credentials): ApiClient {
  return createClient({ url, ...credentials, ...limits, userAgent: 'everhook-cli' });
}
