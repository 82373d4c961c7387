import type { Knex } from 'knex';

/**
 * A version of each tenant's webhooks as publishing sees them, changed in the transaction that changes one of them: who
 * remembers webhooks asks in the very statement that uses them whether they are still these (store/subscribers.ts).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- No row: the tenant never had a webhook since there are versions, which is a version too.
    CREATE TABLE webhook_versions (
      tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
      -- Random, not counted: one that was rolled back, or lost in a failover, never stands for other webhooks.
      version uuid NOT NULL
    );

    ALTER TABLE webhook_versions ENABLE ROW LEVEL SECURITY;
    CREATE POLICY of_tenant ON webhook_versions TO everhook_tenant
      USING (tenant_id = nullif(current_setting('everhook.tenant', true), '')::uuid);
    GRANT SELECT, INSERT, UPDATE ON webhook_versions TO everhook_tenant;

    CREATE FUNCTION renew_webhook_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO webhook_versions AS v (tenant_id, version)
      VALUES (coalesce(NEW.tenant_id, OLD.tenant_id), gen_random_uuid())
      ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version;
      RETURN NULL;
    END $$;
    CREATE TRIGGER webhook_added_or_gone AFTER INSERT OR DELETE ON webhooks
      FOR EACH ROW EXECUTE FUNCTION renew_webhook_version();
    CREATE TRIGGER webhook_changed AFTER UPDATE ON webhooks
      FOR EACH ROW
      WHEN ((OLD.contract, OLD.events, OLD.channels, OLD.settings, OLD.max_retries, OLD.disabled, OLD.deleted_at)
            IS DISTINCT FROM
            (NEW.contract, NEW.events, NEW.channels, NEW.settings, NEW.max_retries, NEW.disabled, NEW.deleted_at))
      EXECUTE FUNCTION renew_webhook_version();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER webhook_changed ON webhooks;
    DROP TRIGGER webhook_added_or_gone ON webhooks;
    DROP FUNCTION renew_webhook_version;
    DROP TABLE webhook_versions;
  `);
}
