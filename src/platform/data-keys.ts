import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Secret } from '../domain/secret';
import type { Keyring } from './keyring';
import type { Logger } from './logging';

/** A key that encrypts payloads, with its own ciphertext beside it. */
export interface DataKey {
  /** The key of the ring that `wrapped` is encrypted with. */
  kid: string;
  key: KeyObject;
  /** As {@link Keyring} writes it; it goes along with whatever the key encrypts. */
  wrapped: string;
}

/**
 * Keys for Temporal's payloads. There are several payloads a workflow and the ring may be a KMS: so a process makes one
 * key, has the ring encrypt it, and uses it for an hour.
 */
export interface DataKeys {
  /**
   * The key to encrypt with. Once there was one there always is: while the ring can't be reached the last one goes on.
   * @throws whatever the ring throws, the first time
   */
  current(): Promise<DataKey>;
  /**
   * The key of something that was encrypted, here or elsewhere, now or a year ago.
   * @throws UnknownEncryptionKeyError, DecryptionError as {@link Keyring.decrypt}
   */
  open(wrapped: string): Promise<KeyObject>;
}

const keyBytes = 32;
/** How soon after a failure the ring is asked again for a newer key. */
const retryMs = 60_000;
/** Keys that were opened: a fleet makes some hundred a day, and whoever looks at old runs needs a few of them. */
const maxOpened = 1_000;

export function createDataKeys(options: {
  keyring: Keyring;
  /** What the keys are for; they open nowhere else. */
  namespace: string;
  log: Logger;
  rotateAfterMs?: number;
  now?: () => number;
}): DataKeys {
  const { keyring, namespace, log, rotateAfterMs = 3_600_000, now = Date.now } = options;
  const binding = { tenantId: 'platform', recordId: namespace, field: 'temporal_payload_key' };
  // Promises, so that what is asked for many times at once is opened once.
  const opened = new LRUCache<string, Promise<KeyObject>>({ max: maxOpened });
  let current: DataKey | undefined;
  let renewAt = 0;
  let making: Promise<DataKey> | undefined;

  async function make(): Promise<DataKey> {
    const material = randomBytes(keyBytes);
    const wrapped = await keyring.encrypt(new Secret(material.toString('base64')), binding);
    const key = createSecretKey(material);
    material.fill(0);
    opened.set(wrapped, Promise.resolve(key));
    return { kid: keyring.currentKid, key, wrapped };
  }

  function renew(): Promise<DataKey> {
    making ??= make()
      .then((made) => {
        renewAt = now() + rotateAfterMs;
        return (current = made);
      })
      .catch((error: unknown) => {
        renewAt = now() + retryMs;
        throw error;
      })
      .finally(() => (making = undefined));
    return making;
  }

  async function unwrap(wrapped: string): Promise<KeyObject> {
    const material = Buffer.from((await keyring.decrypt(wrapped, binding)).reveal(), 'base64');
    const key = createSecretKey(material);
    material.fill(0);
    return key;
  }

  return {
    async current() {
      if (current === undefined) return renew();
      if (now() >= renewAt && !making) {
        // Nobody waits for it.
        renew().catch((error: unknown) => log.warn({ err: error }, 'no new key for payloads; the last one goes on'));
      }
      return current;
    },

    open(wrapped) {
      const known = opened.get(wrapped);
      if (known) return known;
      const opening = unwrap(wrapped);
      opened.set(wrapped, opening);
      // An outage is not remembered.
      opening.catch(() => opened.delete(wrapped));
      return opening;
    },
  };
}
