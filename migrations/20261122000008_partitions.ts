import type { Knex } from 'knex';

/** What grows with time, with the column whose UUIDv7 says when a row was made. */
const partitioned: Record<string, string> = {
  events: 'id',
  deliveries: 'id',
  attempts: 'delivery_id',
  audit: 'id',
};

/**
 * Events, deliveries, attempts and audit, partitioned by the time in their ids, so that what is old is dropped instead of
 * deleted row by row. What is there becomes the first partition as it is: no row is copied. Later partitions are made by
 * src/store/partitions.ts; the default one takes whatever has none, so that no insert ever fails for it.
 *
 * No foreign keys between them: each check would plan for, and lock, every partition. They are written in one statement
 * with their parents, and dropped in an order that leaves nothing pending without its event.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE attempts DROP CONSTRAINT attempts_tenant_id_delivery_id_fkey;
    ALTER TABLE deliveries DROP CONSTRAINT deliveries_tenant_id_event_uid_fkey;
    -- A unique index would have to contain id. The ids themselves are made from these columns, and a redelivery is made
    -- under the lock of its webhook.
    ALTER TABLE deliveries DROP CONSTRAINT deliveries_tenant_id_event_uid_webhook_id_redelivery_key;
    -- Null: PAYLOAD_RETENTION is over.
    ALTER TABLE events ALTER payload DROP NOT NULL;
    -- Each partition gets these again.
    DROP TRIGGER audit_append_only ON audit;
  `);
  for (const [table, column] of Object.entries(partitioned)) {
    await knex.raw(`
      DROP POLICY of_tenant ON ${table};
      REVOKE ALL ON ${table} FROM everhook_tenant;
      ALTER TABLE ${table} RENAME TO ${table}_first;
      DO $$
      DECLARE one record;
      BEGIN
        FOR one IN SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = '${table}_first'::regclass
        LOOP
          EXECUTE format('ALTER INDEX %I RENAME TO %I', one.relname, 'first_' || one.relname);
        END LOOP;
      END $$;
      CREATE TABLE ${table} (LIKE ${table}_first INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (${column});
    `);
  }
  await knex.raw(`
    ALTER TABLE events ADD PRIMARY KEY (tenant_id, id),
      ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
    CREATE INDEX events_by_type ON events (tenant_id, type, id DESC);

    ALTER TABLE deliveries ADD PRIMARY KEY (tenant_id, id),
      ADD FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id);
    CREATE INDEX deliveries_by_status ON deliveries (tenant_id, status, id DESC);
    CREATE INDEX deliveries_by_webhook ON deliveries (tenant_id, webhook_id, id DESC);
    CREATE INDEX deliveries_by_event_type ON deliveries (tenant_id, event_type, id DESC);
    CREATE INDEX deliveries_of_event ON deliveries (tenant_id, event_uid, webhook_id);
    CREATE INDEX deliveries_unstarted ON deliveries (claimed_until) WHERE status = 'pending' AND started_at IS NULL;
    CREATE INDEX deliveries_overdue ON deliveries (due_at) WHERE status = 'pending';

    ALTER TABLE attempts ADD PRIMARY KEY (tenant_id, delivery_id, number);

    ALTER TABLE audit ADD PRIMARY KEY (id),
      ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
    CREATE INDEX audit_by_tenant ON audit (tenant_id, id DESC);
    CREATE INDEX audit_by_action ON audit (tenant_id, action, id DESC);
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
      FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
    CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
  `);
  for (const [table, column] of Object.entries(partitioned)) {
    const { rows } = await knex.raw<{ rows: { id: string }[] }>(
      `SELECT ${column} AS id FROM ${table}_first ORDER BY ${column} DESC LIMIT 1`,
    );
    await knex.raw(`
      ALTER TABLE ${table} ATTACH PARTITION ${table}_first FOR VALUES FROM (MINVALUE) TO ('${endOfDay(rows[0]?.id)}');
      CREATE TABLE ${table}_default PARTITION OF ${table} DEFAULT;
      ALTER TABLE ${table}_default ENABLE ROW LEVEL SECURITY;

      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      CREATE POLICY of_tenant ON ${table} TO everhook_tenant
        USING (tenant_id = nullif(current_setting('everhook.tenant', true), '')::uuid);
      GRANT ${table === 'audit' ? 'SELECT, INSERT' : 'SELECT, INSERT, UPDATE, DELETE'} ON ${table} TO everhook_tenant;
    `);
  }
  await knex.raw(`
    CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit_default
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

    -- How far retention got, in its one row.
    CREATE TABLE retention_progress (
      single boolean PRIMARY KEY DEFAULT true CHECK (single),
      -- No event and no attempt before it has anything that PAYLOAD_RETENTION removes.
      payloads_gone_until timestamptz NOT NULL
    );
    INSERT INTO retention_progress (payloads_gone_until) VALUES ('epoch');
  `);
}

/** The smallest id that is later than the day (UTC) of now and of `newest`. */
function endOfDay(newest: string | undefined): string {
  const dayMs = 24 * 60 * 60 * 1000;
  const at = Math.max(Date.now(), newest ? Number.parseInt(newest.replaceAll('-', '').slice(0, 12), 16) : 0);
  const hex = ((Math.floor(at / dayMs) + 1) * dayMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE retention_progress');
  for (const table of Object.keys(partitioned)) {
    // Their indexes, constraints and triggers are as in the migrations that made them.
    await knex.raw(`
      CREATE TABLE unpartitioned (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
      INSERT INTO unpartitioned SELECT * FROM ${table};
      DROP TABLE ${table};
      ALTER TABLE unpartitioned RENAME TO ${table};
    `);
  }
  await knex.raw(`
    UPDATE events SET payload = '{}' WHERE payload IS NULL;
    ALTER TABLE events ALTER payload SET NOT NULL, ADD PRIMARY KEY (tenant_id, id),
      ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
    CREATE INDEX events_by_type ON events (tenant_id, type, id DESC);

    DELETE FROM deliveries d WHERE NOT EXISTS (SELECT FROM events e WHERE e.tenant_id = d.tenant_id AND e.id = d.event_uid);
    ALTER TABLE deliveries ADD PRIMARY KEY (tenant_id, id),
      ADD UNIQUE (tenant_id, event_uid, webhook_id, redelivery),
      ADD FOREIGN KEY (tenant_id, event_uid) REFERENCES events (tenant_id, id),
      ADD FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id);
    CREATE INDEX deliveries_by_status ON deliveries (tenant_id, status, id DESC);
    CREATE INDEX deliveries_by_webhook ON deliveries (tenant_id, webhook_id, id DESC);
    CREATE INDEX deliveries_by_event_type ON deliveries (tenant_id, event_type, id DESC);
    CREATE INDEX deliveries_unstarted ON deliveries (claimed_until) WHERE status = 'pending' AND started_at IS NULL;
    CREATE INDEX deliveries_overdue ON deliveries (due_at) WHERE status = 'pending';

    DELETE FROM attempts a
      WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.tenant_id = a.tenant_id AND d.id = a.delivery_id);
    ALTER TABLE attempts ADD PRIMARY KEY (tenant_id, delivery_id, number),
      ADD FOREIGN KEY (tenant_id, delivery_id) REFERENCES deliveries (tenant_id, id);

    ALTER TABLE audit ADD PRIMARY KEY (id),
      ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
    CREATE INDEX audit_by_tenant ON audit (tenant_id, id DESC);
    CREATE INDEX audit_by_action ON audit (tenant_id, action, id DESC);
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
      FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
    CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
  `);
  for (const table of Object.keys(partitioned)) {
    await knex.raw(`
      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      CREATE POLICY of_tenant ON ${table} TO everhook_tenant
        USING (tenant_id = nullif(current_setting('everhook.tenant', true), '')::uuid);
      GRANT ${table === 'audit' ? 'SELECT, INSERT' : 'SELECT, INSERT, UPDATE, DELETE'} ON ${table} TO everhook_tenant;
    `);
  }
}
