import type { Secret } from '../domain/secret';
import { hashClientSecret, newClientSecret } from '../platform/tokens';
import { createAuditStore, type NewAuditEntry } from '../store/audit';
import type { Database } from '../store/database';
import { createTenantStore, scopes, type Client, type Scope, type Tenant } from '../store/tenants';

/** A client with its secret, which is known in the clear only here. */
export interface NewClient {
  client: Client;
  secret: Secret;
}

/** A tenant with its first client, who may do everything; all or nothing. */
export async function createTenant(database: Database, name: string): Promise<NewClient & { tenant: Tenant }> {
  return database.transaction(async (within) => {
    const tenant = await createTenantStore(within).createTenant(name);
    await createAuditStore(within).append({
      ...auditByCommandLine,
      tenantId: tenant.id,
      action: 'tenant.create',
      objectType: 'tenant',
      objectId: tenant.id,
      fields: ['name'],
    });
    return {
      tenant,
      ...(await addClient(within, { tenantId: tenant.id, name: `${name} (first client)`.slice(0, 200), scopes })),
    };
  });
}

/** A further client of a tenant; null when there is no such tenant. */
export async function createClient(
  database: Database,
  of: { tenantId: string; name: string; scopes: readonly Scope[] },
): Promise<NewClient | null> {
  return database.transaction(async (within) => {
    const tenant = await createTenantStore(within).findTenant(of.tenantId);
    return tenant ? addClient(within, of) : null;
  });
}

async function addClient(
  within: Database,
  of: { tenantId: string; name: string; scopes: readonly Scope[] },
): Promise<NewClient> {
  const secret = newClientSecret();
  const client = await createTenantStore(within).createClient({ ...of, secretDigest: hashClientSecret(secret) });
  await createAuditStore(within).append({
    ...auditByCommandLine,
    tenantId: of.tenantId,
    action: 'client.create',
    objectType: 'client',
    objectId: client.id,
    fields: ['name', 'scopes'],
  });
  return { client, secret };
}

/** What every entry of the audit log has that the command line makes. */
export const auditByCommandLine = {
  actor: 'cli',
  address: null,
  requestId: null,
  outcome: 'success',
} as const satisfies Partial<NewAuditEntry>;
