import type { Knex } from 'knex';

/**
 * The audit log for all that an operator must see: entries of no tenant, entries that stand for several, and no way to
 * change what was written. Also what counting a tenant's webhooks needs.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Ids are unique by themselves. The log of all tenants together is read in their order.
    ALTER TABLE audit DROP CONSTRAINT audit_pkey;
    ALTER TABLE audit ADD PRIMARY KEY (id);
    -- Null: the installation's own, such as its keys, or a caller that is not known. No tenant sees those.
    ALTER TABLE audit ALTER tenant_id DROP NOT NULL;
    -- How many of the same it stands for.
    ALTER TABLE audit ADD COLUMN count integer NOT NULL DEFAULT 1 CHECK (count > 0);
    CREATE INDEX audit_by_tenant ON audit (tenant_id, id DESC);

    CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      -- Retention says so, for its own transaction.
      IF TG_OP = 'DELETE' AND current_setting('everhook.retention', true) = 'on' THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
      FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
    CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

    CREATE INDEX webhooks_live ON webhooks (tenant_id, id) WHERE deleted_at IS NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX webhooks_live;
    DROP TRIGGER audit_not_emptied ON audit;
    DROP TRIGGER audit_append_only ON audit;
    DROP FUNCTION refuse_change_of_audit;
    DROP INDEX audit_by_tenant;
    ALTER TABLE audit DROP COLUMN count;
    DELETE FROM audit WHERE tenant_id IS NULL;
    ALTER TABLE audit ALTER tenant_id SET NOT NULL;
    ALTER TABLE audit DROP CONSTRAINT audit_pkey;
    ALTER TABLE audit ADD PRIMARY KEY (tenant_id, id);
  `);
}
