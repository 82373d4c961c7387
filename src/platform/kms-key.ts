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
    const patiently = oneAtATimeWhileItHangs();

    const asked = <T>(call: () => Promise<T>): Promise<T> =>
      patiently(call).catch((error: unknown) => {
        if (error instanceof AwsFailure && wrongCiphertext.has(error.errorName)) throw new DecryptionError();
        throw new EncryptionKeyUnavailable(kid, error);
      });

    async function unwrapped(cacheKey: string, wrapped: Buffer, binding: Binding): Promise<Buffer> {
      const dek = await asked(() => kms.decrypt(keyArn, wrapped, contextOf(binding)));
      if (dek.length !== keyBytes) throw new DecryptionError();
      // Copied: the answer's own memory may be shared with others.
      known.set(cacheKey, Buffer.from(dek));
      return dek;
    }

    return {
      kid,

      wrap: (dek, binding) => asked(() => kms.encrypt(keyArn, dek, contextOf(binding))),

      async unwrap(wrapped, binding) {
        const cacheKey = digestOf(kid, binding, wrapped);
        const found = known.get(cacheKey);
        if (found) return Buffer.from(found);
        const asking =
          underway.get(cacheKey) ?? unwrapped(cacheKey, wrapped, binding).finally(() => underway.delete(cacheKey));
        underway.set(cacheKey, asking);
        return Buffer.from(await asking);
      },
    };
  };
}

/**
 * Who waits for KMS may hold a connection to the database. After a call that got no answer in time one caller at a time asks
 * again; the others fail with what it failed with, until one is answered.
 */
function oneAtATimeWhileItHangs(): <T>(call: () => Promise<T>) => Promise<T> {
  let hanging: AwsFailure | null = null;
  let asking = false;

  return async (call) => {
    if (hanging && asking) throw hanging;
    const alone = hanging !== null;
    if (alone) asking = true;
    try {
      const answer = await call();
      hanging = null;
      return answer;
    } catch (error) {
      hanging = error instanceof AwsFailure && error.errorName === 'TimeoutError' ? error : null;
      throw error;
    } finally {
      if (alone) asking = false;
    }
  };
}

/** With the place: a DEK that is known does not open elsewhere either. */
function digestOf(kid: string, { tenantId, recordId, field }: Binding, wrapped: Buffer): string {
  return createHash('sha256')
    .update(JSON.stringify([kid, tenantId, recordId, field]))
    .update(wrapped)
    .digest('base64');
}
