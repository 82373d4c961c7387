import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { MessageSigningKey } from '../domain/profiles';
import { selectSigningKey } from '../domain/signing/jwk';
import type { MessageSigningKeyStore } from '../store/message-signing-keys';

/** Gives the key that signs HTTP messages now. */
export interface MessageSigner {
  current(now: Date): Promise<MessageSigningKey>;
}

/** Keys are published an hour before they sign, so a list this old still knows the one that is due. */
const refreshMs = 60_000;

export function createMessageSigner(store: Pick<MessageSigningKeyStore, 'published' | 'ensureOne'>): MessageSigner {
  type Held = MessageSigningKey & { activeFrom: Date; retiredAt: Date | null };
  let held: Promise<Held[]> | undefined;
  let heldAt = 0;
  // Reading a PEM costs half a millisecond, more than the signature itself.
  let parsed = new Map<string, KeyObject>();

  async function load(now: Date): Promise<Held[]> {
    await store.ensureOne();
    const records = await store.published(now);
    const keys = records.map((record) => ({
      kid: record.kid,
      activeFrom: record.activeFrom,
      retiredAt: record.retiredAt,
      privateKey: parsed.get(record.kid) ?? createPrivateKey(record.privateKeyPem.reveal()),
    }));
    parsed = new Map(keys.map((key) => [key.kid, key.privateKey]));
    return keys;
  }

  return {
    async current(now) {
      if (!held || now.getTime() - heldAt > refreshMs) {
        heldAt = now.getTime();
        held = load(now).catch((error: unknown) => {
          held = undefined;
          throw error;
        });
      }
      const key = selectSigningKey(await held, now);
      if (!key) throw new Error('no message signing key is active');
      return key;
    },
  };
}
