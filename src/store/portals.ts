import type { CredentialType } from '../domain/credential/credential';
import type { ScopeMap } from '../domain/credential/scopes';
import type { Database } from './database';

/** The Sensedia side of a tenant: who may call, and where in AWS its credentials are made. */
export interface Portal {
  tenantId: string;
  /** Of Basic authentication; unique over all tenants, it selects the tenant. */
  username: string;
  /** argon2id, in PHC format. */
  passwordHash: string;
  /** For requests that do not say. */
  credentialType: CredentialType;
  /** Null: the region of the process. */
  region: string | null;
  userPoolId: string | null;
  scopes: ScopeMap;
  /** Where apps of this portal get their tokens; shown with app clients. */
  tokenUrl: string | null;
  updatedAt: Date;
}

export type NewPortal = Omit<Portal, 'updatedAt'>;

interface PortalRow {
  tenant_id: string;
  username: string;
  password_hash: string;
  credential_type: CredentialType;
  region: string | null;
  user_pool_id: string | null;
  scopes: Record<string, string>;
  default_scopes: string[];
  token_url: string | null;
  updated_at: Date;
}

/** Another tenant's portal has the user name. */
export class UsernameTaken extends Error {
  override readonly name = 'UsernameTaken';

  constructor() {
    super('the user name is taken by another tenant');
  }
}

const uniqueViolation = '23505';

export type PortalStore = ReturnType<typeof createPortalStore>;

export function createPortalStore(database: Database) {
  return {
    /**
     * Makes or replaces a tenant's configuration. Credentials that exist stay where they were made.
     * @throws {@link UsernameTaken}
     */
    async configure(portal: NewPortal): Promise<Portal> {
      const columns = {
        username: portal.username,
        password_hash: portal.passwordHash,
        credential_type: portal.credentialType,
        region: portal.region,
        user_pool_id: portal.userPoolId,
        scopes: JSON.stringify(portal.scopes.byApi),
        default_scopes: [...portal.scopes.defaults],
        token_url: portal.tokenUrl,
        updated_at: new Date(),
      };
      try {
        const [row] = await database('portals')
          .insert({ tenant_id: portal.tenantId, ...columns })
          .onConflict('tenant_id')
          .merge(columns)
          .returning<PortalRow[]>('*');
        if (!row) throw new Error('insert returned no portal');
        return toPortal(row);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === uniqueViolation) throw new UsernameTaken();
        throw error;
      }
    },

    /** Null: this tenant has none. */
    async find(tenantId: string): Promise<Portal | null> {
      const row = await database('portals').where({ tenant_id: tenantId }).first<PortalRow | undefined>();
      return row ? toPortal(row) : null;
    },

    /** By the user name of Basic authentication. */
    async findByUsername(username: string): Promise<Portal | null> {
      const row = await database('portals').where({ username }).first<PortalRow | undefined>();
      return row ? toPortal(row) : null;
    },

    /** All of them, for the sweeper: there is one a tenant at most. */
    async list(): Promise<Portal[]> {
      return (await database('portals').orderBy('tenant_id').select<PortalRow[]>('*')).map(toPortal);
    },
  };
}

const toPortal = (row: PortalRow): Portal => ({
  tenantId: row.tenant_id,
  username: row.username,
  passwordHash: row.password_hash,
  credentialType: row.credential_type,
  region: row.region,
  userPoolId: row.user_pool_id,
  scopes: { byApi: row.scopes, defaults: row.default_scopes },
  tokenUrl: row.token_url,
  updatedAt: row.updated_at,
});
