import type { Knex } from 'knex';

/** By the column that says whose a row is. A later migration that makes such a table does the same for it. */
const tablesByTenant: Record<string, string[]> = {
  id: ['tenants'],
  tenant_id: [
    'clients',
    'webhooks',
    'webhook_secrets',
    'events',
    'event_keys',
    'deliveries',
    'attempts',
    'audit',
    'event_types',
    'consents',
    'consent_actions',
    'portals',
    'credentials',
    'credential_operations',
    'credential_steps',
  ],
};

/**
 * The second lock between tenants: what the API does for one runs as `everhook_tenant` (store/tenancy.ts), a role that
 * sees the rows of the tenant that `everhook.tenant` names, and none while it names nobody. The owner of the tables, who
 * migrates, sweeps and works for all, is not bound by it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DO $$
    BEGIN
      -- Roles belong to the server: another database of it may have made this one already, or is just making it.
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'everhook_tenant') THEN
        CREATE ROLE everhook_tenant NOLOGIN;
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'an administrator must run first: CREATE ROLE everhook_tenant NOLOGIN; GRANT everhook_tenant TO %',
          quote_ident(current_user);
    END $$;
    DO $$
    BEGIN
      PERFORM set_config('role', 'everhook_tenant', true);
      PERFORM set_config('role', 'none', true);
    EXCEPTION
      -- Since PostgreSQL 16 who makes a role may not take it on at first, but may give itself the right to.
      WHEN insufficient_privilege THEN GRANT everhook_tenant TO CURRENT_USER;
    END $$;
    GRANT SELECT ON message_signing_keys, installation, schema_migrations TO everhook_tenant;
  `);
  for (const [column, tables] of Object.entries(tablesByTenant)) {
    for (const table of tables) {
      await knex.raw(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY of_tenant ON ${table} TO everhook_tenant
          USING (${column} = nullif(current_setting('everhook.tenant', true), '')::uuid);
        GRANT ${table === 'audit' ? 'SELECT, INSERT' : 'SELECT, INSERT, UPDATE, DELETE'} ON ${table} TO everhook_tenant;
      `);
    }
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const table of Object.values(tablesByTenant).flat()) {
    await knex.raw(`
      REVOKE ALL ON ${table} FROM everhook_tenant;
      DROP POLICY of_tenant ON ${table};
      ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY;
    `);
  }
  // The role stays: other databases of the server may use it.
  await knex.raw('REVOKE ALL ON message_signing_keys, installation, schema_migrations FROM everhook_tenant');
}
