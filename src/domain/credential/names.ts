/** Names of what is made in AWS: for people, made fit for what AWS takes. Ids, not names, are what we look up by. */

/** Tag of everything that is ours. The characters that AWS takes there exclude `@`: no e-mail in a tag. */
export const managedByTag = 'managedBy';
export const managedBy = 'everhook';
/** Tag with the id of the installation, so that several may share an account. */
export const installationTag = 'everhook:installation';
export const tenantTag = 'everhook:tenant';
export const credentialTag = 'everhook:credential';

const longestKeyName = 1024;
const longestClientName = 128;
/** For a name of which nothing is left. */
const nameless = 'app';

/** `<app> <developer>`, with characters that no console or API has trouble with. */
export function apiKeyName(app: { appName: string; developer: string }): string {
  const fit = (text: string) => folded(text, /[^ -~]+/g);
  return `${fit(app.appName) || nameless} ${fit(app.developer)}`.trim().slice(0, longestKeyName);
}

/**
 * `<app>.<marker>`: Cognito takes no tags for an app client and has no field for what it belongs to, so its name says
 * whose it is. Only `[\w\s+=,.@-]` is allowed.
 */
export function appClientName(
  app: { appName: string },
  owner: { installationId: string; credentialId: string },
): string {
  const marker = appClientMarker(owner);
  const fit = folded(app.appName, /[^A-Za-z0-9_ +=,.@-]+/g) || nameless;
  return fit.slice(0, longestClientName - marker.length) + marker;
}

/** What the name of our app clients ends in; 45 characters. */
export function appClientMarker(owner: { installationId: string; credentialId: string }): string {
  return `.eh-${shortInstallation(owner.installationId)}-${owner.credentialId.replaceAll('-', '')}`;
}

/** The credential that an app client of this installation belongs to; null: it is somebody else's. */
export function credentialOfClientName(name: string, installationId: string): string | null {
  const match = /\.eh-([0-9a-f]{8})-([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(name);
  if (!match || match[1] !== shortInstallation(installationId)) return null;
  return match.slice(2).join('-');
}

/** The end of a UUIDv7 is random, its beginning is a time. */
const shortInstallation = (installationId: string) => installationId.replaceAll('-', '').slice(-8);

/** Accents are taken off their letters; what is `unfit` then becomes one hyphen. */
function folded(text: string, unfit: RegExp): string {
  const plain = text.normalize('NFKD').replace(/\p{M}+/gu, '');
  return plain
    .replace(unfit, '-')
    .replace(/\s+/g, ' ')
    .replace(/^[- ]+|[- ]+$/g, '');
}
