import type { Knex } from 'knex';

/** Where a delivery's trace stands, so that whoever carries it later goes on in it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- traceparent, and after a blank tracestate (W3C Trace Context); null: nobody traced the request it came from.
    ALTER TABLE deliveries ADD COLUMN trace_context text;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE deliveries DROP COLUMN trace_context');
}
