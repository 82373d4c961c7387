import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';

/**
 * How the key of one record (the DEK) is kept: encrypted with a key of the ring (the KEK), which is here or stays in a
 * key service.
 */

/** The place a ciphertext belongs to; it decrypts nowhere else. */
export interface Binding {
  tenantId: string;
  recordId: string;
  /** Table and column, or whatever names the field for good. */
  field: string;
}

/** A KEK. */
export interface KeyEncryption {
  kid: string;
  /** @throws EncryptionKeyUnavailable when the key's service gives no usable answer */
  wrap(dek: Buffer, binding: Binding): Promise<Buffer>;
  /**
   * The DEK, as a copy that the caller overwrites after use.
   * @throws DecryptionError when it was not wrapped with this key for this place
   * @throws EncryptionKeyUnavailable when the key's service gives no usable answer
   */
  unwrap(wrapped: Buffer, binding: Binding): Promise<Buffer>;
}

/** A ciphertext is malformed, altered or not of this place: one message, for the difference only helps a forger. */
export class DecryptionError extends Error {
  constructor() {
    super('a stored secret does not decrypt here');
    this.name = 'DecryptionError';
  }
}

/**
 * A key that stays in a key service can't be used now: the service is away, throttles or refuses us. Says nothing of the
 * ciphertext, and is worth trying again.
 */
export class EncryptionKeyUnavailable extends Error {
  constructor(
    readonly kid: string,
    cause: unknown,
  ) {
    super(`encryption key ${kid} can't be used now`, { cause });
    this.name = 'EncryptionKeyUnavailable';
  }
}

/** Something encrypted with AES-256-GCM. */
export interface Sealed {
  nonce: Buffer;
  sealed: Buffer;
  tag: Buffer;
}

const algorithm = 'aes-256-gcm';
export const keyBytes = 32;
export const nonceBytes = 12;
export const tagBytes = 16;

export function seal(key: KeyObject | Buffer, plain: Buffer, aad: Buffer): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(aad);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { nonce, sealed, tag: cipher.getAuthTag() };
}

/** @throws DecryptionError */
export function open(key: KeyObject | Buffer, { nonce, sealed, tag }: Sealed, aad: Buffer): Buffer {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(aad).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    throw new DecryptionError();
  }
}

/**
 * JSON keeps the parts apart whatever they contain. The kid binds the wrapped DEK only, so that rotating a
 * key re-wraps DEKs and never touches data.
 */
export function additionalData(
  purpose: 'dek' | 'data',
  { tenantId, recordId, field }: Binding,
  kid: string | null,
): Buffer {
  return Buffer.from(JSON.stringify(['v1', purpose, tenantId, recordId, field, kid]));
}

/** A KEK whose material is here. A wrapped DEK is nonce, ciphertext and tag in one. */
export function localKey(kid: string, key: KeyObject): KeyEncryption {
  return {
    kid,

    async wrap(dek, binding) {
      const { nonce, sealed, tag } = seal(key, dek, additionalData('dek', binding, kid));
      return Buffer.concat([nonce, sealed, tag]);
    },

    async unwrap(wrapped, binding) {
      if (wrapped.length !== nonceBytes + keyBytes + tagBytes) throw new DecryptionError();
      const parts = {
        nonce: wrapped.subarray(0, nonceBytes),
        sealed: wrapped.subarray(nonceBytes, nonceBytes + keyBytes),
        tag: wrapped.subarray(nonceBytes + keyBytes),
      };
      return open(key, parts, additionalData('dek', binding, kid));
    },
  };
}
