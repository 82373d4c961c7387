import type { Knex } from 'knex';

/** Consents, and the actions on them that were accepted. Keys are as in the engine's tables. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE consents (
      tenant_id uuid NOT NULL REFERENCES tenants (id),
      id uuid NOT NULL,
      type text NOT NULL CHECK (type IN ('DATA', 'PAYMENT')),
      status text NOT NULL
        CHECK (status IN ('AWAITING_AUTHORISATION', 'AUTHORISED', 'REJECTED', 'CONSUMED', 'EXPIRED', 'REVOKED')),
      permissions text[] NOT NULL CHECK (cardinality(permissions) BETWEEN 1 AND 100),
      document_rel text NOT NULL,
      -- Ciphertext of the person's document number.
      document_identification text NOT NULL,
      expiration_date_time timestamptz,
      -- As configured when it was created: a changed configuration is for new consents only.
      decision_ms integer NOT NULL CHECK (decision_ms > 0),
      consumption_ms integer NOT NULL CHECK (consumption_ms > 0),
      created_at timestamptz NOT NULL,
      status_updated_at timestamptz NOT NULL,
      -- The deadline in force.
      expires_at timestamptz,
      -- When the sweeper looks whether its workflow does its work: soon after something was stored that the workflow
      -- must be told, else some time after the deadline in force; null: nothing is to come.
      look_at timestamptz,
      PRIMARY KEY (tenant_id, id),
      CHECK ((expires_at IS NOT NULL) = (status IN ('AWAITING_AUTHORISATION', 'AUTHORISED', 'REJECTED')))
    );
    CREATE INDEX consents_by_status ON consents (tenant_id, status, id DESC);
    CREATE INDEX consents_by_type ON consents (tenant_id, type, id DESC);
    CREATE INDEX consents_to_look_at ON consents (look_at) WHERE look_at IS NOT NULL;

    -- What was accepted: it will be carried out, whoever dies meanwhile.
    CREATE TABLE consent_actions (
      tenant_id uuid NOT NULL,
      consent_id uuid NOT NULL,
      -- An action is accepted once in a consent's life at most.
      action text NOT NULL CHECK (action IN ('approve', 'reject', 'consume', 'revoke')),
      -- The order of acceptance; two may have the same millisecond.
      number smallint NOT NULL CHECK (number > 0),
      accepted_at timestamptz NOT NULL,
      -- Null: not carried out yet.
      settled_at timestamptz,
      -- Encrypted, as the document number is.
      reason text,
      PRIMARY KEY (tenant_id, consent_id, action),
      UNIQUE (tenant_id, consent_id, number),
      FOREIGN KEY (tenant_id, consent_id) REFERENCES consents (tenant_id, id)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE consent_actions, consents;`);
}
