import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { Secret } from '../domain/secret';

/**
 * Envelope encryption of stored secrets: AES-256-GCM with a key of its own a record (the DEK), which is itself
 * encrypted with a key of the ring (the KEK). Stored as `v1.kid.wrappedDEK.nonce.ct.tag`, parts base64url;
 * wrappedDEK is nonce, ciphertext and tag in one.
 */

/** A KEK. Its material is in a KeyObject, which prints nothing of it. */
export interface EncryptionKey {
  kid: string;
  key: KeyObject;
}

/** The place a ciphertext belongs to; it decrypts nowhere else. */
export interface Binding {
  tenantId: string;
  recordId: string;
  /** Table and column, or whatever names the field for good. */
  field: string;
}

export interface Keyring {
  /** The key that new ciphertexts use. */
  currentKid: string;
  encrypt(plain: Secret, binding: Binding): Promise<string>;
  /**
   * @throws UnknownEncryptionKeyError when the ring hasn't the ciphertext's key
   * @throws DecryptionError when it is malformed, altered, or of another tenant, record or field
   */
  decrypt(ciphertext: string, binding: Binding): Promise<Secret>;
}

/** A ciphertext names a key that `ENCRYPTION_KEYS` doesn't have (any more). */
export class UnknownEncryptionKeyError extends Error {
  constructor(readonly kid: string) {
    super(`no encryption key ${kid} in ENCRYPTION_KEYS`);
    this.name = 'UnknownEncryptionKeyError';
  }
}

/** A ciphertext is malformed, altered or not of this place: one message, for the difference only helps a forger. */
export class DecryptionError extends Error {
  constructor() {
    super('a stored secret does not decrypt here');
    this.name = 'DecryptionError';
  }
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** No full stop: it separates the parts of a ciphertext. */
const kidPattern = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Reads `ENCRYPTION_KEYS`: `kid:base64-of-32-bytes`, comma-separated, the first is the current one.
 *
 * @throws Error with one line that tells which entry is wrong by its position; never a part of the text,
 *   for a kid left out would make the key the kid
 */
export function parseEncryptionKeys(text: string): EncryptionKey[] {
  const keys: EncryptionKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const [kid = '', encoded = '', ...rest] = entry.trim().split(':');
    const material = decodeCanonical(encoded, 'base64');
    if (!kidPattern.test(kid) || material?.length !== keyBytes || rest.length > 0) {
      throw new Error(
        `ENCRYPTION_KEYS: entry ${index + 1} must be kid:base64-of-32-bytes, the kid 1 to 32 of A-Z a-z 0-9 _ -`,
      );
    }
    if (keys.some((key) => key.kid === kid)) {
      throw new Error(`ENCRYPTION_KEYS: entry ${index + 1} has the kid of an earlier entry`);
    }
    keys.push({ kid, key: createSecretKey(material) });
  }
  return keys;
}

/**
 * Both methods answer with promises although nothing here waits, so that keys held by a KMS can come
 * without a change of callers. No cache: a decryption takes about 30 µs, a delivery milliseconds.
 *
 * @param keys the first encrypts, all decrypt
 */
export function createKeyring(keys: readonly EncryptionKey[]): Keyring {
  const [current] = keys;
  if (current === undefined) throw new Error('a keyring needs at least one key');
  const byKid = new Map(keys.map(({ kid, key }) => [kid, key]));

  return {
    currentKid: current.kid,

    async encrypt(plain, binding) {
      const dek = randomBytes(keyBytes);
      const wrapped = seal(current.key, dek, additionalData('dek', binding, current.kid));
      const data = seal(dek, Buffer.from(plain.reveal()), additionalData('data', binding));
      dek.fill(0);
      const parts = [Buffer.concat([wrapped.nonce, wrapped.sealed, wrapped.tag]), data.nonce, data.sealed, data.tag];
      return ['v1', current.kid, ...parts.map((part) => part.toString('base64url'))].join('.');
    },

    async decrypt(ciphertext, binding) {
      const { kid, wrapped, data } = parseCiphertext(ciphertext);
      const kek = byKid.get(kid);
      if (kek === undefined) throw new UnknownEncryptionKeyError(kid);
      const dek = open(kek, wrapped, additionalData('dek', binding, kid));
      const plain = open(dek, data, additionalData('data', binding));
      dek.fill(0);
      return new Secret(plain.toString());
    },
  };
}

interface Sealed {
  nonce: Buffer;
  sealed: Buffer;
  tag: Buffer;
}

function seal(key: KeyObject | Buffer, plain: Buffer, aad: Buffer): Sealed {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(aad);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { nonce, sealed, tag: cipher.getAuthTag() };
}

function open(key: KeyObject | Buffer, { nonce, sealed, tag }: Sealed, aad: Buffer): Buffer {
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
function additionalData(purpose: 'dek' | 'data', { tenantId, recordId, field }: Binding, kid?: string): Buffer {
  return Buffer.from(JSON.stringify(['v1', purpose, tenantId, recordId, field, kid ?? null]));
}

function parseCiphertext(text: string): { kid: string; wrapped: Sealed; data: Sealed } {
  const [version, kid = '', ...encoded] = text.split('.');
  const [wrapped, nonce, sealed, tag] = encoded.map((part) => decodeCanonical(part, 'base64url'));
  if (
    version !== 'v1' ||
    !kidPattern.test(kid) ||
    encoded.length !== 4 ||
    wrapped?.length !== nonceBytes + keyBytes + tagBytes ||
    nonce?.length !== nonceBytes ||
    sealed === undefined ||
    tag?.length !== tagBytes
  ) {
    throw new DecryptionError();
  }
  return {
    kid,
    wrapped: {
      nonce: wrapped.subarray(0, nonceBytes),
      sealed: wrapped.subarray(nonceBytes, nonceBytes + keyBytes),
      tag: wrapped.subarray(nonceBytes + keyBytes),
    },
    data: { nonce, sealed, tag },
  };
}

/** Node ignores junk and spare bits: only the one text that encodes these bytes counts. */
function decodeCanonical(text: string, encoding: 'base64' | 'base64url'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}
