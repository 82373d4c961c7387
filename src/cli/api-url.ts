import { ConfigurationError } from '../platform/config';

/** `EVERHOOK_URL` without a slash at its end. @throws ConfigurationError */
export function apiUrl(env: NodeJS.ProcessEnv): string {
  const url = env.EVERHOOK_URL || 'http://localhost:3000';
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new ConfigurationError('EVERHOOK_URL is malformed: an http or https URL');
  }
  const { username, password } = new URL(url);
  if (username || password || /[?#]/.test(url)) {
    throw new ConfigurationError('EVERHOOK_URL is malformed: without a user name, a query and a fragment');
  }
  return url.replace(/\/+$/, '');
}
