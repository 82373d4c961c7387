import { profiles } from '../domain/profiles';
import { checkTargetUrl, type AllowedOrigin } from '../domain/url-policy';
import type { Contract } from '../domain/webhook';
import { invalid } from './errors/api-error';

/**
 * The normalised URL of a registration.
 * @param at where in the body it stands
 * @throws ApiError 400 that says which rule it breaks
 */
export function acceptTargetUrl(
  raw: string,
  rules: { contract: Contract; allowedOrigins: readonly AllowedOrigin[]; at: readonly string[] },
): string {
  const { allowQuery } = profiles[rules.contract];
  const verdict = checkTargetUrl(raw, { allowQuery, allowedOrigins: rules.allowedOrigins });
  if (!verdict.ok) throw invalid([{ path: rules.at, message: verdict.reason, value: raw }]);
  return verdict.url;
}
