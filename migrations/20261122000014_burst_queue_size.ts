import type { Knex } from 'knex';

/**
 * The burst queue is never as small as when it is empty. PostgreSQL plans a statement once a connection and keeps the plan; a
 * plan made while the table has a few pages reads it from end to end, and goes on doing that with tens of thousands of rows in
 * it, which takes a second each time. So the table is given 2 MiB and keeps them: its rows come and go within.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE burst_queue SET (vacuum_truncate = off);
    -- Nobody else ever sees this tenant, and nobody waits: no constraint is touched.
    INSERT INTO tenants (id, name) VALUES ('00000000-0000-0000-0000-000000000000', 'of a migration');
    INSERT INTO burst_queue (tenant_id, delivery_id, webhook_id, not_before)
      SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), 'infinity'
      FROM generate_series(1, 20000);
    DELETE FROM burst_queue WHERE tenant_id = '00000000-0000-0000-0000-000000000000';
    DELETE FROM tenants WHERE id = '00000000-0000-0000-0000-000000000000';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE burst_queue RESET (vacuum_truncate)');
}
