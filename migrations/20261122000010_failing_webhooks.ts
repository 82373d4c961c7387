import type { Knex } from 'knex';

/** Since when nothing has reached a webhook: what decides that it is disabled. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Of the first attempt that failed since the last that succeeded; null: the last one succeeded, or there was none.
    ALTER TABLE webhooks ADD COLUMN failing_since timestamptz;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE webhooks DROP COLUMN failing_since');
}
