import { ConfigurationError } from './platform/config';
import type { Keyring } from './platform/keyring';
import type { Logger } from './platform/logging';
import type { EngineMetrics } from './platform/metrics';
import type { CiphertextStore } from './store/ciphertexts';

export interface EncryptionKeyWatch {
  /** Whether `ENCRYPTION_KEYS` has every key that something is stored under, as of the last look. */
  allThere(): boolean;
  close(): void;
}

/** Another process may begin to write under a key that is missing here. */
const lookEveryMs = 60_000;

/**
 * Looks now, and every minute, whether stored secrets need a key that `ENCRYPTION_KEYS` has not, and says which. What needs it
 * fails by itself, and is done once the key is there; one old secret must not stop everything else. But where it opens nothing
 * at all, or the current key is another one than the stored secrets' of that id, everything stored from now on would be lost to
 * those who have the right keys.
 *
 * @throws ConfigurationError then, naming the keys
 */
export async function watchEncryptionKeys(parts: {
  ciphertexts: Pick<CiphertextStore, 'unknownKids' | 'storedKeys'>;
  keyring: Pick<Keyring, 'currentKid'>;
  metrics: Pick<EngineMetrics, 'encryptionKeysMissing'>;
  log: Logger;
}): Promise<EncryptionKeyWatch> {
  const { ciphertexts, metrics, log } = parts;
  const { currentKid } = parts.keyring;
  const { kids, unknown, wrong } = await ciphertexts.storedKeys();
  if (wrong.includes(currentKid)) {
    throw new ConfigurationError(
      `ENCRYPTION_KEYS: key ${currentKid} is another one than the key of that id that secrets are stored under`,
    );
  }
  if (kids.length > 0 && unknown.length + wrong.length === kids.length) {
    throw new ConfigurationError(`ENCRYPTION_KEYS has none of the keys that secrets are stored under: ${named(kids)}`);
  }

  let missing: string[] = [];
  function tell(now: string[]): void {
    const news = now.join() !== missing.join();
    missing = now;
    metrics.encryptionKeysMissing(now.length);
    if (!news) return;
    if (now.length === 0) log.info('ENCRYPTION_KEYS has every key that secrets are stored under');
    else log.error({ kids: now }, `secrets are stored under keys that ENCRYPTION_KEYS does not have: ${named(now)}`);
  }

  tell([...unknown, ...wrong]);
  const timer = setInterval(() => {
    // A database that is away says so elsewhere.
    ciphertexts.unknownKids().then(
      (now) => tell([...now, ...wrong]),
      () => {},
    );
  }, lookEveryMs);
  timer.unref();
  return {
    allThere: () => missing.length === 0,
    close: () => clearInterval(timer),
  };
}

/** Something that is no ciphertext has no key id. */
const named = (kids: readonly string[]) => kids.map((kid) => kid || '(none)').join(', ');
