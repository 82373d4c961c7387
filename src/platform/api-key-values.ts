import { createHmac } from 'node:crypto';
import { Secret } from '../domain/secret';

/** AWS takes 20 to 128 letters and digits; 40 are 238 bits. */
const length = 40;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Bytes from here on would make the first letters likelier than the others. */
const fair = 256 - (256 % alphabet.length);

/** The value of an API key: the same for the same credential, salt and key, and to be told by nobody without the key. */
export function apiKeyValueOf(
  key: Secret,
  { tenantId, credentialId, salt }: { tenantId: string; credentialId: string; salt: string },
): Secret {
  let value = '';
  for (let block = 0; value.length < length; block += 1) {
    const bytes = createHmac('sha512', key.reveal())
      .update(JSON.stringify([tenantId, credentialId, salt, block]))
      .digest();
    value += [...bytes].flatMap((byte) => (byte < fair ? (alphabet[byte % alphabet.length] ?? '') : '')).join('');
  }
  return new Secret(value.slice(0, length));
}
