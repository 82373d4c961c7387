import { newSigningKeyPair, planRotation, publishAheadMs, publishedKeys, type PublicJwk } from '../domain/signing/jwk';
import type { Secret } from '../domain/secret';
import type { Keyring } from '../platform/keyring';
import { bindings } from './ciphertext-columns';
import type { Database } from './database';

/** A key of HTTP Message Signatures with its private half in the clear: for signing only. */
export interface MessageSigningKeyRecord {
  kid: string;
  publicJwk: PublicJwk;
  privateKeyPem: Secret;
  activeFrom: Date;
  retiredAt: Date | null;
}

interface Row {
  kid: string;
  public_jwk: PublicJwk;
  private_key: string;
  active_from: Date;
  retired_at: Date | null;
}

export type MessageSigningKeyStore = ReturnType<typeof createMessageSigningKeyStore>;

export function createMessageSigningKeyStore(database: Database, keyring: Keyring) {
  async function add(within: Database, activeFrom: Date): Promise<string> {
    const pair = newSigningKeyPair();
    await within('message_signing_keys').insert({
      kid: pair.kid,
      public_jwk: JSON.stringify(pair.publicJwk),
      private_key: await keyring.encrypt(pair.privateKeyPem, bindings.messageSigningKey(pair.kid)),
      active_from: activeFrom,
    });
    return pair.kid;
  }

  async function publishedRows(now: Date): Promise<Row[]> {
    const rows = await database('message_signing_keys').select<Row[]>('*');
    const lifetimes = rows.map((row) => ({
      row,
      kid: row.kid,
      activeFrom: row.active_from,
      retiredAt: row.retired_at,
    }));
    return publishedKeys(lifetimes, now).map(({ row }) => row);
  }

  return {
    /**
     * Makes the first key when there is none; safe for many processes at once. It signs from an hour ago on: no other
     * key could, and neither the attempt that asks for it nor a process whose clock is behind has to wait.
     */
    async ensureOne(): Promise<void> {
      await database.transaction(async (within) => {
        await within.raw('LOCK TABLE message_signing_keys IN EXCLUSIVE MODE');
        const one = await within('message_signing_keys').first<{ kid: string } | undefined>('kid');
        if (!one) await add(within, new Date(Date.now() - publishAheadMs));
      });
    },

    /** Every key that is published at `now`, future ones included, with its private half. */
    async published(now: Date): Promise<MessageSigningKeyRecord[]> {
      return Promise.all(
        (await publishedRows(now)).map(async (row) => ({
          kid: row.kid,
          publicJwk: row.public_jwk,
          privateKeyPem: await keyring.decrypt(row.private_key, bindings.messageSigningKey(row.kid)),
          activeFrom: row.active_from,
          retiredAt: row.retired_at,
        })),
      );
    },

    /** The public halves alone: the key set that anyone may read costs no decryption. */
    async publishedJwks(now: Date): Promise<PublicJwk[]> {
      return (await publishedRows(now)).map((row) => row.public_jwk);
    },

    /** Publishes a new key at once, signs with it later, and keeps the ones before published long enough. */
    async rotate(now: Date): Promise<{ kid: string; activeFrom: Date }> {
      const { activeFrom, previousRetiredAt } = planRotation(now);
      return database.transaction(async (within) => {
        await within.raw('LOCK TABLE message_signing_keys IN EXCLUSIVE MODE');
        await within('message_signing_keys').whereNull('retired_at').update({ retired_at: previousRetiredAt });
        return { kid: await add(within, activeFrom), activeFrom };
      });
    },
  };
}
