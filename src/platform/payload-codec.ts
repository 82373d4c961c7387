import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { createDataKeys, type DataKey } from './data-keys';
import { DecryptionError, type Keyring } from './keyring';
import type { Logger } from './logging';

/**
 * Encrypts what Temporal stores: AES-256-GCM with a key of the process ({@link createDataKeys}) and the namespace bound
 * in. A payload becomes one with the metadata `encoding: binary/encrypted`, `encryption-key-id` (the key of the ring, for
 * people) and `encryption-data-key` (the key itself, encrypted by the ring); its data is nonce, ciphertext and tag.
 * The workflow's id is not bound in: neither the Web UI's decoding nor a Schedule knows it.
 */
export interface TemporalPayloadCodec extends PayloadCodec {
  /** Resolves once a key is there: then encoding can't fail. @throws whatever the ring throws */
  ready(): Promise<void>;
}

/** A payload is malformed, altered, or of another namespace. It names the key, and nothing of the payload. */
export class PayloadDecryptionError extends Error {
  override readonly name = 'PayloadDecryptionError';

  constructor(kid: string, namespace: string, options: ErrorOptions) {
    super(`a payload under the encryption key ${kid} does not decrypt in the namespace ${namespace}`, options);
  }
}

const { Payload: PayloadMessage } = temporal.api.common.v1;
const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const encrypted = Buffer.from('binary/encrypted');

/**
 * @param options.encrypt false: nothing is encrypted any more, what was is decrypted all the same
 */
export function createPayloadCodec(options: {
  keyring: Keyring;
  namespace: string;
  encrypt: boolean;
  log: Logger;
}): TemporalPayloadCodec {
  const { namespace, encrypt } = options;
  const keys = createDataKeys(options);
  const nextNonce = createNonces();
  const aad = Buffer.from(JSON.stringify(['v1', 'temporal', namespace]));
  let described: { key: DataKey; metadata: Record<string, Uint8Array> } | undefined;

  /** The same for every payload under a key. */
  function metadataOf(key: DataKey): Record<string, Uint8Array> {
    if (described?.key !== key) {
      const metadata = {
        encoding: encrypted,
        'encryption-key-id': Buffer.from(key.kid),
        'encryption-data-key': Buffer.from(key.wrapped),
      };
      described = { key, metadata };
    }
    return { ...described.metadata };
  }

  function seal(payload: Payload, key: DataKey): Payload {
    const nonce = nextNonce();
    const cipher = createCipheriv(algorithm, key.key, nonce, { authTagLength: tagBytes }).setAAD(aad);
    const sealed = cipher.update(PayloadMessage.encode(payload).finish());
    // GCM is a stream: the end of it adds nothing.
    cipher.final();
    return { metadata: metadataOf(key), data: Buffer.concat([nonce, sealed, cipher.getAuthTag()]) };
  }

  function unseal(data: Uint8Array, key: KeyObject): Payload {
    const end = data.length - tagBytes;
    const decipher = createDecipheriv(algorithm, key, data.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(aad)
      .setAuthTag(data.subarray(end));
    const plain = decipher.update(data.subarray(nonceBytes, end));
    decipher.final();
    return PayloadMessage.decode(plain);
  }

  const unreadable = ({ metadata }: Payload, cause: unknown) =>
    new PayloadDecryptionError(textOf(metadata?.['encryption-key-id']), namespace, { cause });

  async function decodeOne(payload: Payload): Promise<Payload> {
    const { metadata, data } = payload;
    if (!encrypted.equals(metadata?.encoding ?? empty)) return payload;
    const key = await keys.open(textOf(metadata?.['encryption-data-key'])).catch((error: unknown) => {
      // An unknown key and an outage of the ring are told as they are.
      throw error instanceof DecryptionError ? unreadable(payload, error) : error;
    });
    try {
      return unseal(data ?? empty, key);
    } catch (error) {
      throw unreadable(payload, error);
    }
  }

  return {
    async ready() {
      if (encrypt) await keys.current();
    },

    async encode(payloads) {
      if (!encrypt) return payloads;
      const key = await keys.current();
      return payloads.map((payload) => seal(payload, key));
    },

    decode: (payloads) => Promise.all(payloads.map(decodeOne)),
  };
}

/** Random ones. Asking the kernel for many at once costs a third less of the CPU of an encryption. */
function createNonces(): () => Buffer {
  const many = 256;
  let drawn = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at === drawn.length) {
      drawn = randomBytes(many * nonceBytes);
      at = 0;
    }
    at += nonceBytes;
    return drawn.subarray(at - nonceBytes, at);
  };
}

const empty = Buffer.alloc(0);

/** Base64url and full stops, or a key id: one byte a character. */
function textOf(bytes: Uint8Array | undefined): string {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') : '';
}
