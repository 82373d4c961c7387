import { hashClientSecret, newClientSecret } from '../platform/tokens';
import { createAuditStore } from '../store/audit';
import { createConsoleSessionStore, type ConsoleLink } from '../store/console-sessions';
import type { Database } from '../store/database';
import type { Scope } from '../store/tenants';
import { auditByCommandLine } from './new-client';

/**
 * A link that signs a browser in at the console once. Its code is behind the #, so that it is in no log of a proxy and in
 * no Referer.
 * @param of.base where the API is, without a slash at its end
 * @param of.tenantId null: an operator's link
 */
export async function makeConsoleLink(
  database: Database,
  of: { base: string; tenantId: string | null; scopes: readonly Scope[]; lifetimeMs: number },
): Promise<ConsoleLink & { url: string }> {
  const { base, ...asked } = of;
  const code = newClientSecret();
  const sessions = createConsoleSessionStore(database, createAuditStore(database));
  const link = await sessions.createLink({ ...asked, codeDigest: hashClientSecret(code) }, auditByCommandLine);
  return { ...link, url: `${base}/console#link=${code.reveal()}` };
}
