import type { Knex } from 'knex';

/**
 * What a receiver answered beside its body, and the list of deliveries by error class. The index is built one partition at a
 * time, outside of a transaction: publishing waits while the partition of today is read, not while all of them are. Not
 * CONCURRENTLY: that waits for every statement that runs, and a second `everhook migrate` is one that waits for this one.
 */
export const config = { transaction: false };

/** May be interrupted anywhere and begun again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- JSON as text, in its own order; null: the attempt succeeded, or there was no answer. Its bounds are in
    -- src/domain/response-headers.ts: a CHECK would have the whole table read.
    ALTER TABLE attempts ADD COLUMN IF NOT EXISTS response_headers json
  `);
  await knex.raw(`
    -- What was delivered at once is not in it.
    CREATE INDEX IF NOT EXISTS deliveries_by_error ON ONLY deliveries (tenant_id, last_error_class, id DESC)
      WHERE last_error_class IS NOT NULL
  `);
  // Partitions that are made from now on come with theirs.
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(`
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'deliveries'::regclass
      AND NOT EXISTS (SELECT FROM pg_index x JOIN pg_inherits of_index ON of_index.inhrelid = x.indexrelid
                      WHERE x.indrelid = c.oid AND of_index.inhparent = 'deliveries_by_error'::regclass)
    ORDER BY c.relname
  `);
  for (const { name } of rows) {
    await knex.raw(
      `CREATE INDEX IF NOT EXISTS :index: ON :name: (tenant_id, last_error_class, id DESC) WHERE last_error_class IS NOT NULL`,
      { name, index: `${name}_by_error` },
    );
    await knex.raw('ALTER INDEX deliveries_by_error ATTACH PARTITION :index:', { index: `${name}_by_error` });
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX IF EXISTS deliveries_by_error');
  await knex.raw('ALTER TABLE attempts DROP COLUMN IF EXISTS response_headers');
}
