import { newId } from '../domain/ids';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';

/** Every scope there is; a client has all unless created with fewer (contracts 7.1, 8.14). */
export const scopes = [
  'webhooks:read',
  'webhooks:write',
  'events:publish',
  'deliveries:read',
  'deliveries:write',
  'consents:read',
  'consents:write',
  'credentials:read',
  'audit:read',
] as const;
export type Scope = (typeof scopes)[number];

export interface Tenant {
  id: string;
  name: string;
  createdAt: Date;
}

/** A program that acts for a tenant. Its secret is known only as a SHA-256 digest. */
export interface Client {
  tenantId: string;
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  revokedAt: Date | null;
}

interface TenantRow {
  id: string;
  name: string;
  created_at: Date;
}

const toTenant = (row: TenantRow): Tenant => ({ id: row.id, name: row.name, createdAt: row.created_at });

interface ClientRow {
  tenant_id: string;
  id: string;
  name: string;
  secret_digest: Buffer;
  scopes: Scope[];
  created_at: Date;
  revoked_at: Date | null;
}

const toClient = (row: ClientRow): Client => ({
  tenantId: row.tenant_id,
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  createdAt: row.created_at,
  revokedAt: row.revoked_at,
});

export type TenantStore = ReturnType<typeof createTenantStore>;

export function createTenantStore(database: Database) {
  return {
    async createTenant(name: string): Promise<Tenant> {
      const tenant: Tenant = { id: newId(), name, createdAt: new Date() };
      await database('tenants').insert({ id: tenant.id, name, created_at: tenant.createdAt });
      return tenant;
    },

    async findTenant(id: string): Promise<Tenant | null> {
      const row = await database('tenants').where({ id }).first<TenantRow | undefined>();
      return row ? toTenant(row) : null;
    },

    /** Newest first; `name`: a part of it, in whatever case. */
    async listTenants(query: ListQuery & { name?: string }): Promise<Page<Tenant>> {
      const { below } = idBounds(query);
      const rows = await database('tenants')
        .modify((q) => {
          if (query.name !== undefined) void q.whereRaw('position(lower(?) in lower(name)) > 0', [query.name]);
          if (below) void q.where('id', '<', below);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<TenantRow[]>('*');
      return toPage(rows, query.limit, ({ id }) => id, toTenant);
    },

    async createClient(client: {
      tenantId: string;
      name: string;
      secretDigest: Buffer;
      scopes: readonly Scope[];
    }): Promise<Client> {
      const [row] = await database('clients')
        .insert({
          tenant_id: client.tenantId,
          id: newId(),
          name: client.name,
          secret_digest: client.secretDigest,
          scopes: [...client.scopes],
        })
        .returning<ClientRow[]>('*');
      if (!row) throw new Error('insert returned no client');
      return toClient(row);
    },

    /** The client and the digest of its secret, also when revoked; ids are unique over all tenants. */
    async findClient(id: string): Promise<{ client: Client; secretDigest: Buffer } | null> {
      const row = await database('clients').where({ id }).first<ClientRow | undefined>();
      return row ? { client: toClient(row), secretDigest: row.secret_digest } : null;
    },

    async listClients(tenantId: string): Promise<Client[]> {
      const rows = await database('clients')
        .where({ tenant_id: tenantId })
        .orderBy('id', 'desc')
        .select<ClientRow[]>('*');
      return rows.map(toClient);
    },

    /** False when this tenant has no such client. Revoking twice keeps the first time. */
    async revokeClient(tenantId: string, id: string): Promise<boolean> {
      const count = await database('clients')
        .where({ tenant_id: tenantId, id })
        .update({ revoked_at: database.raw('coalesce(revoked_at, now())') });
      return count > 0;
    },
  };
}
