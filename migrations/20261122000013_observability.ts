import type { Knex } from 'knex';

/** Where a delivery's trace stands, so that whoever carries it later goes on in it; and what tenants are yet to be told. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- traceparent, and after a blank tracestate (W3C Trace Context); null: nobody traced the request it came from.
    ALTER TABLE deliveries ADD COLUMN trace_context text;

    -- Deliveries that failed for good and are not told of yet (delivery.failed). Only of tenants that subscribe to it.
    CREATE TABLE failed_deliveries (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      -- No foreign key: a row lasts a minute, and is told of though retention removed the delivery.
      delivery_id uuid NOT NULL,
      webhook_id uuid NOT NULL,
      event_id text NOT NULL,
      event_type text NOT NULL,
      error_class text,
      failed_at timestamptz NOT NULL,
      PRIMARY KEY (tenant_id, webhook_id, delivery_id)
    );
    ALTER TABLE failed_deliveries ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON failed_deliveries TO everhook_tenant
      USING (tenant_id = nullif(current_setting('everhook.tenant', true), '')::uuid);
    GRANT SELECT, INSERT, UPDATE, DELETE ON failed_deliveries TO everhook_tenant;

    ALTER TABLE webhooks
      -- When its tenant was last told of deliveries that failed.
      ADD COLUMN failures_told_at timestamptz,
      -- Since when it had failed as it was disabled for it; null: it was not, or it has answered since.
      ADD COLUMN disabled_failing_since timestamptz;
    -- Counted with every sweep.
    CREATE INDEX webhooks_failing ON webhooks (failing_since) WHERE failing_since IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX webhooks_failing;
    ALTER TABLE webhooks DROP COLUMN failures_told_at, DROP COLUMN disabled_failing_since;
    DROP TABLE failed_deliveries;
    ALTER TABLE deliveries DROP COLUMN trace_context;
  `);
}
