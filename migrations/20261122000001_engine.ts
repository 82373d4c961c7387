import type { Knex } from 'knex';

/**
 * The engine's tables. Every key begins with the tenant (row-level security later compares one column everywhere),
 * and every id is a UUIDv7 made by the application, so that a table can be partitioned by time on the key it has:
 * a range of ids is a range of instants. Uniqueness that must outlive retention has its own table (`event_keys`).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE tenants (
      id uuid PRIMARY KEY,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE clients (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      id uuid NOT NULL,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      secret_digest bytea NOT NULL CHECK (octet_length(secret_digest) = 32),
      scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
      created_at timestamptz NOT NULL DEFAULT now(),
      revoked_at timestamptz,
      PRIMARY KEY (tenant_id, id),
      UNIQUE (id)
    );

    CREATE TABLE webhooks (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      id uuid NOT NULL,
      contract text NOT NULL CHECK (contract ~ '^[a-z]+$'),
      target_url text NOT NULL CHECK (length(target_url) <= 2048),
      events text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 100),
      description text CHECK (length(description) <= 1000),
      disabled boolean NOT NULL DEFAULT false,
      -- What may be shown of the authentication; its secrets are in webhook_secrets.
      auth jsonb NOT NULL DEFAULT '{"type":"noauth"}' CHECK (auth ->> 'type' IN ('noauth', 'basic', 'client_credential')),
      -- Values of secret headers are in webhook_secrets; here they stand as "[redacted]".
      headers jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(headers) = 'object'),
      timeout_ms integer NOT NULL CHECK (timeout_ms BETWEEN 100 AND 60000),
      max_retries smallint NOT NULL CHECK (max_retries BETWEEN 0 AND 10),
      -- What only one contract knows of its webhook.
      settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      -- Deleted webhooks stay as the parents of their deliveries; their secrets go.
      deleted_at timestamptz,
      PRIMARY KEY (tenant_id, id)
    );
    CREATE INDEX webhooks_fanout ON webhooks (tenant_id) WHERE deleted_at IS NULL AND NOT disabled;

    CREATE TABLE webhook_secrets (
      tenant_id uuid NOT NULL,
      webhook_id uuid NOT NULL,
      id uuid NOT NULL,
      -- 'signing', 'auth', or 'header:<lower-case name>'.
      field text NOT NULL,
      ciphertext text NOT NULL,
      created_at timestamptz NOT NULL,
      -- A rotated signing secret signs beside the new one until then.
      expires_at timestamptz,
      PRIMARY KEY (tenant_id, webhook_id, id),
      FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id)
    );

    CREATE TABLE events (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      id uuid NOT NULL,
      -- The publisher's id, unique by event_keys.
      event_id text NOT NULL CHECK (event_id ~ '^[A-Za-z0-9_:-]{1,128}$'),
      type text NOT NULL,
      -- json, not jsonb: as JavaScript writes what was sent, without sorting keys or merging them.
      payload json NOT NULL,
      occurred_at timestamptz,
      webhook_id uuid,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, id)
    );
    CREATE INDEX events_by_type ON events (tenant_id, type, id DESC);

    -- Publishing the same id twice is one event, for longer than its row or Temporal's retention last.
    CREATE TABLE event_keys (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      event_id text NOT NULL,
      event_uid uuid NOT NULL,
      content_digest bytea NOT NULL CHECK (octet_length(content_digest) = 32),
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, event_id)
    );

    CREATE TABLE deliveries (
      tenant_id uuid NOT NULL,
      -- Derived from event, webhook and redelivery (domain/ids.ts): the key itself refuses a twin.
      id uuid NOT NULL,
      event_uid uuid NOT NULL,
      webhook_id uuid NOT NULL,
      redelivery integer NOT NULL DEFAULT 0 CHECK (redelivery >= 0),
      event_id text NOT NULL,
      event_type text NOT NULL,
      contract text NOT NULL,
      status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
      -- Waits in milliseconds between its attempts, fixed when it was made.
      retry_schedule integer[] NOT NULL,
      -- When the next attempt is due; meaningful while pending.
      due_at timestamptz NOT NULL,
      -- When its workflow is known to run; null: it still stands in the outbox.
      started_at timestamptz,
      -- Who starts or checks it has until then; afterwards anyone may claim it (FOR UPDATE SKIP LOCKED).
      claimed_until timestamptz NOT NULL,
      completed_at timestamptz,
      last_error_class text,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, id),
      UNIQUE (tenant_id, event_uid, webhook_id, redelivery),
      FOREIGN KEY (tenant_id, event_uid) REFERENCES events (tenant_id, id),
      FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id),
      CHECK ((status = 'pending') = (completed_at IS NULL))
    );
    CREATE INDEX deliveries_by_status ON deliveries (tenant_id, status, id DESC);
    CREATE INDEX deliveries_by_webhook ON deliveries (tenant_id, webhook_id, id DESC);
    CREATE INDEX deliveries_by_event_type ON deliveries (tenant_id, event_type, id DESC);
    -- The outbox: what the sweeper looks for.
    CREATE INDEX deliveries_unstarted ON deliveries (claimed_until) WHERE status = 'pending' AND started_at IS NULL;
    CREATE INDEX deliveries_overdue ON deliveries (due_at) WHERE status = 'pending';

    CREATE TABLE attempts (
      tenant_id uuid NOT NULL,
      delivery_id uuid NOT NULL,
      number smallint NOT NULL CHECK (number BETWEEN 1 AND 11),
      started_at timestamptz NOT NULL,
      duration_ms integer NOT NULL CHECK (duration_ms >= 0),
      status_code smallint,
      error_class text CHECK (error_class IN ('http_status', 'timeout', 'connect_error', 'dns_error', 'tls_error',
                                              'protocol_error', 'blocked_address', 'auth_error')),
      response_body text CHECK (octet_length(response_body) <= 4096),
      PRIMARY KEY (tenant_id, delivery_id, number),
      FOREIGN KEY (tenant_id, delivery_id) REFERENCES deliveries (tenant_id, id)
    );

    CREATE TABLE audit (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      id uuid NOT NULL,
      at timestamptz NOT NULL,
      actor text NOT NULL,
      action text NOT NULL,
      object_type text NOT NULL,
      object_id text NOT NULL,
      -- Names of what changed, never values.
      fields text[] NOT NULL DEFAULT '{}',
      address text,
      request_id text,
      outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
      PRIMARY KEY (tenant_id, id)
    );
    CREATE INDEX audit_by_action ON audit (tenant_id, action, id DESC);

    -- Ed25519 keys of HTTP Message Signatures: the platform's, not a tenant's, for one public key set serves all.
    CREATE TABLE message_signing_keys (
      kid text PRIMARY KEY,
      public_jwk jsonb NOT NULL,
      private_key text NOT NULL,
      -- Published from creation, signs from here: receivers that cache the key set have it by then.
      active_from timestamptz NOT NULL,
      retired_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE message_signing_keys, audit, attempts, deliveries, event_keys, events, webhook_secrets, webhooks, clients, tenants;
  `);
}
