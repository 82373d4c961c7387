import type { Knex } from 'knex';

/** Portals and the credentials they asked for. Keys are as in the engine's tables. No column holds a secret of theirs. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Which of what lies in an AWS account is ours: other installations may share the account.
    CREATE TABLE installation (
      -- There is one row at most.
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      id uuid NOT NULL,
      -- Ciphertext under the key of ENCRYPTION_KEYS that is in use: who can't read it has lost that key.
      canary text
    );

    CREATE TABLE portals (
      tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
      username text NOT NULL UNIQUE,
      password_hash text NOT NULL,
      credential_type text NOT NULL CHECK (credential_type IN ('API_KEY', 'CLIENT_CREDENTIALS')),
      region text,
      user_pool_id text,
      scopes jsonb NOT NULL DEFAULT '{}',
      default_scopes text[] NOT NULL DEFAULT '{}',
      token_url text,
      updated_at timestamptz NOT NULL
    );

    CREATE TABLE credentials (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      id uuid NOT NULL,
      -- Identity of the app; stays when the app is renamed.
      app_key text NOT NULL,
      app_name text NOT NULL,
      app_slug text,
      developer text NOT NULL,
      credential_type text NOT NULL CHECK (credential_type IN ('API_KEY', 'CLIENT_CREDENTIALS')),
      apis jsonb NOT NULL,
      scopes text[] NOT NULL,
      -- Of the request that created it: tells a repetition from a conflict.
      request_digest text NOT NULL,
      region text,
      user_pool_id text,
      status text NOT NULL
        CHECK (status IN ('provisioning', 'active', 'failed', 'revoking', 'revoked', 'compensation_failed')),
      aws_id text,
      -- What the value of an API key is derived from, together with a key of ENCRYPTION_KEYS; null once it is not needed.
      value_salt text,
      handed_over_at timestamptz,
      -- The operation whose caller got it first.
      handed_over_by uuid,
      -- What is to be done about a failed compensation.
      repair_by text CHECK (repair_by IN ('remove', 'restore')),
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, id),
      CHECK (status <> 'active' OR handed_over_at IS NOT NULL),
      CHECK ((status = 'compensation_failed') = (repair_by IS NOT NULL))
    );
    -- An app has one at a time; those on their way out do not count.
    CREATE UNIQUE INDEX credentials_of_app ON credentials (tenant_id, app_key)
      WHERE status IN ('provisioning', 'active');
    CREATE INDEX credentials_by_app ON credentials (tenant_id, app_key, id DESC);
    CREATE INDEX credentials_by_aws_id ON credentials (tenant_id, aws_id);
    CREATE INDEX credentials_by_slug ON credentials (tenant_id, app_slug, id DESC);
    CREATE INDEX credentials_by_name ON credentials (tenant_id, app_name, developer, id DESC);
    CREATE INDEX credentials_by_status ON credentials (tenant_id, status, id DESC);

    CREATE TABLE credential_operations (
      tenant_id uuid NOT NULL,
      id uuid NOT NULL,
      credential_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('create', 'update', 'revoke', 'repair')),
      -- done: what the caller waits for is done; a removal may go on behind it.
      status text NOT NULL CHECK (status IN ('accepted', 'running', 'done', 'failed')),
      -- What an update changes: names, APIs, scopes.
      change jsonb,
      accepted_at timestamptz NOT NULL,
      -- When its caller stops waiting.
      deadline_at timestamptz NOT NULL,
      given_up_at timestamptz,
      code text,
      message text,
      -- When the sweeper looks whether its run does its work; null: nothing is left to do.
      look_at timestamptz,
      PRIMARY KEY (tenant_id, id),
      FOREIGN KEY (tenant_id, credential_id) REFERENCES credentials (tenant_id, id)
    );
    CREATE INDEX credential_operations_of_credential ON credential_operations (tenant_id, credential_id, id);
    CREATE INDEX credential_operations_to_look_at ON credential_operations (look_at) WHERE look_at IS NOT NULL;

    CREATE TABLE credential_steps (
      tenant_id uuid NOT NULL,
      operation_id uuid NOT NULL,
      number smallint NOT NULL CHECK (number > 0),
      name text NOT NULL,
      status text NOT NULL CHECK (status IN ('running', 'done', 'failed')),
      at timestamptz NOT NULL,
      error text,
      PRIMARY KEY (tenant_id, operation_id, number),
      FOREIGN KEY (tenant_id, operation_id) REFERENCES credential_operations (tenant_id, id)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE credential_steps, credential_operations, credentials, portals, installation;`);
}
