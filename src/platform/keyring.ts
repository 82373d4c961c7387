import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { Secret } from '../domain/secret';
import type { Kms } from './aws/kms';
import {
  additionalData,
  DecryptionError,
  keyBytes,
  localKey,
  nonceBytes,
  open,
  seal,
  tagBytes,
  type Binding,
  type KeyEncryption,
  type Sealed,
} from './key-encryption';
import { createKmsKeys } from './kms-key';

export { DecryptionError, EncryptionKeyUnavailable, type Binding } from './key-encryption';

/**
 * Envelope encryption of stored secrets: AES-256-GCM with a key of its own a record (the DEK), which is itself
 * encrypted with a key of the ring (the KEK). Stored as `v1.kid.wrappedDEK.nonce.ct.tag`, parts base64url.
 */

/** A KEK: its material in a KeyObject, which prints nothing of it, or the ARN of a key of AWS KMS. */
export type EncryptionKey = { kid: string; key: KeyObject } | { kid: string; kmsKeyArn: string };

export interface Keyring {
  /** The key that new ciphertexts use. */
  currentKid: string;
  /** All that it opens, the current one first. */
  kids: readonly string[];
  /** @throws EncryptionKeyUnavailable when the current key stays in a key service that gives no usable answer */
  encrypt(plain: Secret, binding: Binding): Promise<string>;
  /**
   * @throws UnknownEncryptionKeyError when the ring hasn't the ciphertext's key
   * @throws DecryptionError when it is malformed, altered, or of another tenant, record or field
   * @throws EncryptionKeyUnavailable as `encrypt` does
   */
  decrypt(ciphertext: string, binding: Binding): Promise<Secret>;
  /**
   * The same data under the current key: its DEK is wrapped anew, the rest stays as it is. The same text when it has the
   * current key already. @throws as `decrypt`
   */
  rewrap(ciphertext: string, binding: Binding): Promise<string>;
}

/** A ciphertext names a key that `ENCRYPTION_KEYS` doesn't have (any more). */
export class UnknownEncryptionKeyError extends Error {
  constructor(readonly kid: string) {
    super(`no encryption key ${kid} in ENCRYPTION_KEYS`);
    this.name = 'UnknownEncryptionKeyError';
  }
}

/** No full stop: it separates the parts of a ciphertext. */
const kidPattern = /^[A-Za-z0-9_-]{1,32}$/;
/** Of a key, not of an alias: an alias may be pointed at another key, which does not open what the first one sealed. */
const kmsKeyPattern = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;

/**
 * Reads `ENCRYPTION_KEYS`: `kid:base64-of-32-bytes` or `kid:kms:ARN-of-a-KMS-key`, comma-separated, the first is the
 * current one.
 *
 * @throws Error with one line that tells which entry is wrong by its position; never a part of the text,
 *   for a kid left out would make the key the kid
 */
export function parseEncryptionKeys(text: string): EncryptionKey[] {
  const keys: EncryptionKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const key = parseEncryptionKey(entry.trim());
    if (key === undefined) {
      throw new Error(
        `ENCRYPTION_KEYS: entry ${index + 1} must be kid:base64-of-32-bytes or kid:kms:ARN-of-a-KMS-key, ` +
          'the kid 1 to 32 of A-Z a-z 0-9 _ -',
      );
    }
    if (keys.some(({ kid }) => kid === key.kid)) {
      throw new Error(`ENCRYPTION_KEYS: entry ${index + 1} has the kid of an earlier entry`);
    }
    keys.push(key);
  }
  return keys;
}

function parseEncryptionKey(entry: string): EncryptionKey | undefined {
  const [kid = '', first = '', ...rest] = entry.split(':');
  if (!kidPattern.test(kid)) return undefined;
  if (first === 'kms') {
    const kmsKeyArn = rest.join(':');
    return kmsKeyPattern.test(kmsKeyArn) ? { kid, kmsKeyArn } : undefined;
  }
  const material = decodeCanonical(first, 'base64');
  if (material?.length !== keyBytes || rest.length > 0) return undefined;
  return { kid, key: createSecretKey(material) };
}

/**
 * @param keys the first encrypts, all decrypt
 * @param kms needed when a key is one of AWS KMS. Without such keys nothing here waits, and nothing is cached: a decryption
 *   takes about 30 µs, a delivery milliseconds
 */
export function createKeyring(keys: readonly EncryptionKey[], kms?: Kms): Keyring {
  const kmsKey = kms && createKmsKeys(kms);
  const ring = keys.map((one): KeyEncryption => {
    if ('key' in one) return localKey(one.kid, one.key);
    if (!kmsKey) throw new Error('a keyring with keys of AWS KMS needs a client of it');
    return kmsKey(one.kid, one.kmsKeyArn);
  });
  const [current] = ring;
  if (current === undefined) throw new Error('a keyring needs at least one key');
  const byKid = new Map(ring.map((one) => [one.kid, one]));

  function keyOf(kid: string): KeyEncryption {
    const key = byKid.get(kid);
    if (key === undefined) throw new UnknownEncryptionKeyError(kid);
    return key;
  }

  return {
    currentKid: current.kid,
    kids: [...byKid.keys()],

    async encrypt(plain, binding) {
      const dek = randomBytes(keyBytes);
      try {
        const data = seal(dek, Buffer.from(plain.reveal()), additionalData('data', binding, null));
        return formatCiphertext({ kid: current.kid, wrapped: await current.wrap(dek, binding), data });
      } finally {
        dek.fill(0);
      }
    },

    async decrypt(ciphertext, binding) {
      const { kid, wrapped, data } = parseCiphertext(ciphertext);
      const dek = await keyOf(kid).unwrap(wrapped, binding);
      try {
        return new Secret(open(dek, data, additionalData('data', binding, null)).toString());
      } finally {
        dek.fill(0);
      }
    },

    async rewrap(ciphertext, binding) {
      const { kid, wrapped, data } = parseCiphertext(ciphertext);
      if (kid === current.kid) return ciphertext;
      const dek = await keyOf(kid).unwrap(wrapped, binding);
      try {
        return formatCiphertext({ kid: current.kid, wrapped: await current.wrap(dek, binding), data });
      } finally {
        dek.fill(0);
      }
    },
  };
}

interface Ciphertext {
  kid: string;
  wrapped: Buffer;
  data: Sealed;
}

function formatCiphertext({ kid, wrapped, data }: Ciphertext): string {
  const parts = [wrapped, data.nonce, data.sealed, data.tag].map((part) => part.toString('base64url'));
  return ['v1', kid, ...parts].join('.');
}

function parseCiphertext(text: string): Ciphertext {
  const [version, kid = '', ...encoded] = text.split('.');
  const [wrapped, nonce, sealed, tag] = encoded.map((part) => decodeCanonical(part, 'base64url'));
  if (
    version !== 'v1' ||
    !kidPattern.test(kid) ||
    encoded.length !== 4 ||
    wrapped === undefined ||
    nonce?.length !== nonceBytes ||
    sealed === undefined ||
    tag?.length !== tagBytes
  ) {
    throw new DecryptionError();
  }
  return { kid, wrapped, data: { nonce, sealed, tag } };
}

/** Node ignores junk and spare bits: only the one text that encodes these bytes counts. */
function decodeCanonical(text: string, encoding: 'base64' | 'base64url'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : undefined;
}
