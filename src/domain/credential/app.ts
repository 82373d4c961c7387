import { createHash } from 'node:crypto';
import { usagePlansOf, type CredentialRequest, type RequestedApi } from './credential';

/**
 * Identity of an app within its tenant: from the portal's slug, else from what names the app. A hash, because it names
 * the workflow, and an e-mail must not.
 */
export function appKeyOf(app: Pick<CredentialRequest, 'appSlug' | 'appName' | 'developer'>): string {
  const identity = app.appSlug === null ? ['name', app.appName, app.developer] : ['slug', app.appSlug];
  return digestOf(identity);
}

/**
 * Digest of what was asked for, equal for requests that differ only in the order or repetition of ids. A second request
 * with the same digest is the same request again.
 */
export function requestDigestOf(request: CredentialRequest): string {
  const { appName, appSlug, developer, credentialType } = request;
  const apis = normalizeApis(request.apis).map(({ id, usagePlans }) => [id, usagePlans]);
  return digestOf([appName, appSlug, developer, credentialType, apis]);
}

/** Each API once, each plan of it once, in the order of their ids (decision S0-6). */
export function normalizeApis(apis: readonly RequestedApi[]): RequestedApi[] {
  const ids = [...new Set(apis.map(({ id }) => id))].sort();
  return ids.map((id) => ({ id, usagePlans: usagePlansOf(apis.filter((api) => api.id === id)) }));
}

function digestOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
