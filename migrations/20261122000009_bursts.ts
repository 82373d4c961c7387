import type { Knex } from 'knex';

/**
 * Deliveries that travel together. A row stands here from its publishing until its delivery ends or goes on alone; what
 * it says of a delivery changes often, so it is kept apart from the delivery, whose many indexes would follow each change.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE burst_queue (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      -- Of a pending delivery. No foreign key: who ends a delivery takes it from here in the same statement.
      delivery_id uuid NOT NULL,
      webhook_id uuid NOT NULL,
      -- When its next attempt is due; while one is under way: when it counts as lost and anyone may make it.
      not_before timestamptz NOT NULL,
      -- The trip of a burst that makes an attempt now.
      lease uuid,
      -- Attempts made so far.
      attempts smallint NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 10),
      PRIMARY KEY (tenant_id, delivery_id)
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
    CREATE INDEX burst_queue_order ON burst_queue (tenant_id, webhook_id, not_before);
    ALTER TABLE burst_queue ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON burst_queue TO everhook_tenant
      USING (tenant_id = nullif(current_setting('everhook.tenant', true), '')::uuid);
    GRANT SELECT, INSERT, UPDATE, DELETE ON burst_queue TO everhook_tenant;

    -- The burst that made the last attempt; null: the delivery has a run of its own, or will have.
    ALTER TABLE deliveries ADD COLUMN burst_number smallint, ADD COLUMN burst_run_id uuid;

    -- Deliveries of the burst queue are claimed there: their claimed_until is infinity, and these need not hold them.
    DROP INDEX deliveries_unstarted, deliveries_overdue;
    CREATE INDEX deliveries_unstarted ON deliveries (claimed_until)
      WHERE status = 'pending' AND started_at IS NULL AND claimed_until < 'infinity';
    CREATE INDEX deliveries_overdue ON deliveries (due_at) WHERE status = 'pending' AND started_at IS NOT NULL;
  `);
}

/** What travels together is left to the sweeper, which starts a run for each. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE deliveries SET claimed_until = now() WHERE status = 'pending' AND claimed_until = 'infinity';
    DROP TABLE burst_queue;
    ALTER TABLE deliveries DROP COLUMN burst_number, DROP COLUMN burst_run_id;
    DROP INDEX deliveries_unstarted, deliveries_overdue;
    CREATE INDEX deliveries_unstarted ON deliveries (claimed_until) WHERE status = 'pending' AND started_at IS NULL;
    CREATE INDEX deliveries_overdue ON deliveries (due_at) WHERE status = 'pending';
  `);
}
