import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AwsFailure } from './aws/errors';
import type { Kms } from './aws/kms';
import {
  DecryptionError,
  EncryptionKeyUnavailable,
  keyBytes,
  type Binding,
  type KeyEncryption,
} from './key-encryption';

/** How many DEKs stand in memory, and for how long: a key that is disabled in KMS opens what is known for that long. */
const mostKnown = 10_000;
const knownForMs = 5 * 60_000;

/** AWS's names for a ciphertext of another key, or of another place; everything else says nothing of the ciphertext. */
const wrongCiphertext = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/**
 * KEKs that never leave AWS KMS. What a DEK belongs to is the encryption context: KMS itself refuses it elsewhere, and
 * CloudTrail tells which record's key was asked for. Unwrapped DEKs are kept for a while, so that not every delivery asks.
 */
export function createKmsKeys(
  kms: Kms,
  { ttlMs = knownForMs, max = mostKnown } = {},
): (kid: string, keyArn: string) => KeyEncryption {
  const known = new LRUCache<string, Buffer>({
    max,
    ttl: ttlMs,
    ttlAutopurge: true,
    dispose: (dek) => dek.fill(0),
  });
  // One call for many deliveries that need the same DEK at once.
  const underway = new Map<string, Promise<Buffer>>();

  return (kid, keyArn) => {
    const contextOf = ({ tenantId, recordId, field }: Binding) => ({ tenantId, recordId, field, kid });

    async function ask(cacheKey: string, wrapped: Buffer, binding: Binding): Promise<Buffer> {
      const dek = await kms.decrypt(keyArn, wrapped, contextOf(binding)).catch((error: unknown) => {
        if (error instanceof AwsFailure && wrongCiphertext.has(error.errorName)) throw new DecryptionError();
        throw new EncryptionKeyUnavailable(kid, error);
      });
      if (dek.length !== keyBytes) throw new DecryptionError();
      // Copied: the answer's own memory may be shared with others.
      known.set(cacheKey, Buffer.from(dek));
      return dek;
    }

    return {
      kid,

      wrap: (dek, binding) =>
        kms.encrypt(keyArn, dek, contextOf(binding)).catch((error: unknown) => {
          throw new EncryptionKeyUnavailable(kid, error);
        }),

      async unwrap(wrapped, binding) {
        const cacheKey = digestOf(kid, binding, wrapped);
        const found = known.get(cacheKey);
        if (found) return Buffer.from(found);
        const asked =
          underway.get(cacheKey) ?? ask(cacheKey, wrapped, binding).finally(() => underway.delete(cacheKey));
        underway.set(cacheKey, asked);
        return Buffer.from(await asked);
      },
    };
  };
}

/** With the place: a DEK that is known does not open elsewhere either. */
function digestOf(kid: string, { tenantId, recordId, field }: Binding, wrapped: Buffer): string {
  return createHash('sha256')
    .update(JSON.stringify([kid, tenantId, recordId, field]))
    .update(wrapped)
    .digest('base64');
}
