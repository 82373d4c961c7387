import { profiles } from '../domain/profiles';
import { checkTargetUrl, type AllowedOrigin } from '../domain/url-policy';
import type { Contract } from '../domain/webhook';
import { ApiError, invalid, type Issue } from './errors/api-error';

/** A registration names a place that nothing may be sent to. */
export class BlockedTarget extends ApiError {
  constructor(readonly issue: Issue) {
    super('validation-failed', 'The body is not valid.', { issues: [issue] });
  }
}

/**
 * The normalised URL of a registration.
 * @param at where in the body it stands
 * @throws ApiError 400 that says which rule it breaks; a {@link BlockedTarget} when that is one about where it leads
 */
export function acceptTargetUrl(
  raw: string,
  rules: { contract: Contract; allowedOrigins: readonly AllowedOrigin[]; at: readonly string[] },
): string {
  const { allowQuery } = profiles[rules.contract];
  const verdict = checkTargetUrl(raw, { allowQuery, allowedOrigins: rules.allowedOrigins });
  if (verdict.ok) return verdict.url;
  const issue = { path: rules.at, message: verdict.reason, value: raw };
  throw verdict.blocked ? new BlockedTarget(issue) : invalid([issue]);
}
