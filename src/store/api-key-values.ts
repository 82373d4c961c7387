import { randomBytes } from 'node:crypto';
import { Secret } from '../domain/secret';
import { apiKeyValueOf } from '../platform/api-key-values';
import type { Keyring } from '../platform/keyring';
import { bindings } from './ciphertext-columns';
import type { CredentialRow } from './credential-row';
import type { Database } from './database';

/** Chooses the values of API keys. */
export interface ApiKeyValues {
  /**
   * The same value for the same credential, whoever asks and whatever `ENCRYPTION_KEYS` begins with by then: a creation
   * whose answer was lost is refused by AWS when it is tried again, instead of making a second key. Nobody can tell it
   * without the database and `ENCRYPTION_KEYS`; once the credential is handed over, nobody can at all.
   * Null: none is to be made (any more).
   *
   * @throws UnknownEncryptionKeyError, EncryptionKeyUnavailable: nothing may be made until the key is there again
   */
  of(credential: { tenantId: string; credentialId: string }): Promise<Secret | null>;
}

const keyBytes = 32;

export function createApiKeyValues({ database, keyring }: { database: Database; keyring: Keyring }): ApiKeyValues {
  return {
    async of({ tenantId, credentialId }) {
      const binding = bindings.apiKeyValue(tenantId, credentialId);
      const wanted = () =>
        database('credentials').where({ tenant_id: tenantId, id: credentialId }).whereNotNull('value_salt');

      const row = await wanted().first<CredentialRow | undefined>();
      if (!row?.value_salt) return null;
      let stored = row.value_key;
      if (stored === null) {
        const made = await keyring.encrypt(new Secret(randomBytes(keyBytes).toString('base64')), binding);
        // Of two who need it at once, both use the first one's.
        const [kept] = await wanted()
          .update({ value_key: database.raw('coalesce(value_key, ?)', [made]) })
          .returning<{ value_key: string }[]>('value_key');
        if (!kept) return null;
        stored = kept.value_key;
      }
      const key = await keyring.decrypt(stored, binding);
      return apiKeyValueOf(key, { tenantId, credentialId, salt: row.value_salt });
    },
  };
}
