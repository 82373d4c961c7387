import type { Knex } from 'knex';

/**
 * Which keys of ENCRYPTION_KEYS are in use is asked at every start and every check of readiness: indexes on the key ids
 * alone, of which there are few, so they stay small.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What the value of an API key is derived with, together with value_salt: ciphertext of a key of its own, made by
    -- whoever needs it first. Whatever becomes of ENCRYPTION_KEYS meanwhile, a creation under way comes to one value.
    ALTER TABLE credentials ADD COLUMN value_key text;

    CREATE INDEX webhook_secrets_by_kid ON webhook_secrets (split_part(ciphertext, '.', 2));
    CREATE INDEX consents_by_kid ON consents (split_part(document_identification, '.', 2));
    CREATE INDEX consent_actions_by_kid ON consent_actions (split_part(reason, '.', 2)) WHERE reason IS NOT NULL;
    CREATE INDEX credentials_by_kid ON credentials (split_part(value_key, '.', 2)) WHERE value_key IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX webhook_secrets_by_kid, consents_by_kid, consent_actions_by_kid, credentials_by_kid;
    ALTER TABLE credentials DROP COLUMN value_key;
  `);
}
