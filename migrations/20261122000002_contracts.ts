import type { Knex } from 'knex';

/** What further contracts need: numbered webhooks, channels, and a tenant's own event types. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE webhooks
      -- The id of contracts that show integers: counts within tenant and contract, and is never used again.
      ADD COLUMN number integer CHECK (number > 0),
      -- Narrows what it gets to events of these channels; empty: events of any channel and of none.
      ADD COLUMN channels text[] NOT NULL DEFAULT '{}' CHECK (cardinality(channels) <= 10),
      ADD CONSTRAINT webhooks_number UNIQUE (tenant_id, contract, number);

    ALTER TABLE events ADD COLUMN channel text CHECK (length(channel) BETWEEN 1 AND 128);

    CREATE TABLE event_types (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      name text NOT NULL CHECK (name ~ '^[a-zA-Z0-9_]+([.][a-zA-Z0-9_]+)*$' AND length(name) <= 200),
      description text NOT NULL CHECK (length(description) <= 1000),
      -- json, not jsonb: shown with the key order that the tenant wrote. Null: any object.
      schema json,
      example json,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, name)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE event_types;
    ALTER TABLE events DROP COLUMN channel;
    ALTER TABLE webhooks DROP CONSTRAINT webhooks_number, DROP COLUMN channels, DROP COLUMN number;
  `);
}
