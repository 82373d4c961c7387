import { newId } from '../domain/ids';
import { Secret } from '../domain/secret';
import { DecryptionError, UnknownEncryptionKeyError, type Keyring } from '../platform/keyring';
import { bindings } from './ciphertext-columns';
import type { Database } from './database';

const binding = bindings.canary();
const song = new Secret('canary');
/** A health check waits for it. */
const probeMs = 1_500;

export type InstallationStore = ReturnType<typeof createInstallationStore>;

/** What is known of this installation as a whole: whether the key in use is there, told by a ciphertext of our own. */
export function createInstallationStore(database: Database, keyring: Keyring) {
  async function canary(): Promise<string | null> {
    const row = await database('installation').timeout(probeMs).first<{ canary: string | null } | undefined>('canary');
    return row?.canary ?? null;
  }

  async function opens(ciphertext: string): Promise<boolean> {
    try {
      await keyring.decrypt(ciphertext, binding);
      return true;
    } catch (error) {
      if (error instanceof UnknownEncryptionKeyError || error instanceof DecryptionError) return false;
      throw error;
    }
  }

  return {
    /**
     * Has the canary be under the current key, as everything that is stored from now on. One that does not open stays:
     * the key of what was stored before is missing.
     */
    async keepCanary(): Promise<void> {
      const found = await canary();
      if (found !== null && (found.split('.')[1] === keyring.currentKid || !(await opens(found)))) return;
      await database('installation')
        .insert({ id: newId(), canary: await keyring.encrypt(song, binding) })
        .onConflict('single')
        .merge(['canary'])
        // Another process may have been quicker.
        .whereRaw('installation.canary IS NOT DISTINCT FROM ?', [found]);
    },

    /** Whether `ENCRYPTION_KEYS` has the key that was in use last. @throws StoreUnavailable */
    async opensCanary(): Promise<boolean> {
      const found = await canary();
      return found === null || (await opens(found));
    },
  };
}
