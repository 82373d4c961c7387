import type { Binding } from '../platform/keyring';

/** A column that holds ciphertexts of the key ring. */
export interface CiphertextColumn {
  table: string;
  column: string;
  /** The table's primary key, in its order. */
  key: readonly string[];
  /** What else of a row its binding is made of. */
  also?: readonly string[];
  bindingOf(row: Record<string, string>): Binding;
}

/** What the ciphertexts of each column are bound to: for those who write and read them. */
export const bindings = {
  webhookSecret: (tenantId: string, id: string, field: string): Binding => ({ tenantId, recordId: id, field }),

  /** These keys are the platform's, not a tenant's. */
  messageSigningKey: (kid: string): Binding => ({
    tenantId: 'platform',
    recordId: kid,
    field: 'message_signing_key',
  }),

  consentIdentification: (tenantId: string, id: string): Binding => ({
    tenantId,
    recordId: id,
    field: 'consents.document_identification',
  }),

  consentReason: (tenantId: string, id: string, action: string): Binding => ({
    tenantId,
    recordId: id,
    field: `consent_actions.${action}.reason`,
  }),

  /** It is the platform's, too. */
  canary: (): Binding => ({ tenantId: 'platform', recordId: 'installation', field: 'canary' }),

  apiKeyValue: (tenantId: string, credentialId: string): Binding => ({
    tenantId,
    recordId: credentialId,
    field: 'credentials.value_key',
  }),
};

/** Every column that holds ciphertexts: what is not here is not re-wrapped, and is lost with its key. */
export const ciphertextColumns: readonly CiphertextColumn[] = [
  {
    table: 'webhook_secrets',
    column: 'ciphertext',
    key: ['tenant_id', 'webhook_id', 'id'],
    also: ['field'],
    bindingOf: ({ tenant_id: tenantId = '', id = '', field = '' }) => bindings.webhookSecret(tenantId, id, field),
  },
  {
    table: 'message_signing_keys',
    column: 'private_key',
    key: ['kid'],
    bindingOf: ({ kid = '' }) => bindings.messageSigningKey(kid),
  },
  {
    table: 'consents',
    column: 'document_identification',
    key: ['tenant_id', 'id'],
    bindingOf: ({ tenant_id: tenantId = '', id = '' }) => bindings.consentIdentification(tenantId, id),
  },
  {
    table: 'consent_actions',
    column: 'reason',
    key: ['tenant_id', 'consent_id', 'action'],
    bindingOf: ({ tenant_id: tenantId = '', consent_id: id = '', action = '' }) =>
      bindings.consentReason(tenantId, id, action),
  },
  {
    table: 'installation',
    column: 'canary',
    key: ['single'],
    bindingOf: () => bindings.canary(),
  },
  {
    table: 'credentials',
    column: 'value_key',
    key: ['tenant_id', 'id'],
    bindingOf: ({ tenant_id: tenantId = '', id = '' }) => bindings.apiKeyValue(tenantId, id),
  },
];
