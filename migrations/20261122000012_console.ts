import type { Knex } from 'knex';

/**
 * Who is signed in at the console, and links that sign in. Of what opens a door only a digest is kept. The role of tenants
 * gets no right on either: they are looked at before it is known who asks.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE console_links (
      id uuid PRIMARY KEY,
      -- Null: an operator's, which opens every tenant.
      tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
      code_digest bytea NOT NULL UNIQUE CHECK (octet_length(code_digest) = 32),
      scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      -- It opens once.
      used_at timestamptz
    );

    CREATE TABLE console_sessions (
      id uuid PRIMARY KEY,
      -- Null: an operator's.
      tenant_id uuid REFERENCES tenants (id) ON DELETE CASCADE,
      -- Who signed in with a secret; a session ends with its client.
      client_id uuid,
      token_digest bytea NOT NULL UNIQUE CHECK (octet_length(token_digest) = 32),
      scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
      created_at timestamptz NOT NULL DEFAULT now(),
      -- To the minute: reading must not write each time.
      last_seen_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL,
      FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, id) ON DELETE CASCADE,
      CHECK (client_id IS NULL OR tenant_id IS NOT NULL)
    );
  `);
  for (const table of ['console_links', 'console_sessions']) {
    await knex.raw(`
      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      CREATE POLICY of_tenant ON ${table} TO everhook_tenant
        USING (tenant_id = nullif(current_setting('everhook.tenant', true), '')::uuid);
    `);
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE console_sessions, console_links');
}
