import { createHmac, hkdfSync } from 'node:crypto';
import { Secret } from '../domain/secret';
import type { EncryptionKey } from './keyring';

/** Chooses the values of API keys. */
export interface ApiKeyValues {
  /**
   * The same value for the same credential and salt: a creation whose answer was lost is refused by AWS when it is tried
   * again, instead of making a second key. Nobody can tell it without the encryption key and the salt.
   */
  of(credential: { tenantId: string; credentialId: string; salt: string }): Secret;
}

/** AWS takes 20 to 128 letters and digits; 40 are 238 bits. */
const length = 40;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Bytes from here on would make the first letters likelier than the others. */
const fair = 256 - (256 % alphabet.length);

/** @param keys of `ENCRYPTION_KEYS`; the first one is used */
export function createApiKeyValues([current]: readonly EncryptionKey[]): ApiKeyValues {
  if (current === undefined) throw new Error('values of API keys need an encryption key');
  const key = Buffer.from(hkdfSync('sha256', current.key, '', 'everhook api key values', 32));

  return {
    of({ tenantId, credentialId, salt }) {
      let value = '';
      for (let block = 0; value.length < length; block += 1) {
        const bytes = createHmac('sha512', key)
          .update(JSON.stringify([tenantId, credentialId, salt, block]))
          .digest();
        value += [...bytes].flatMap((byte) => (byte < fair ? (alphabet[byte % alphabet.length] ?? '') : '')).join('');
      }
      return new Secret(value.slice(0, length));
    },
  };
}
