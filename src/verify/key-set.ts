import { createPublicKey, type KeyObject } from 'node:crypto';
import { VerificationError } from './verification-error';

/** A JSON Web Key Set, as `GET /v1/webhooks/jwks` answers it. */
export interface Jwks {
  keys: readonly object[];
}

/** Where public keys are found by their `kid`. */
export interface KeySource {
  /** @throws VerificationError `keys_unavailable` */
  find(kid: string): Promise<KeyObject | undefined>;
}

/** The Ed25519 keys of a set, by kid; keys of other kinds are for others. */
export function keysOf(jwks: Jwks): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const jwk of jwks.keys) {
    const { kty, crv, kid, x } = jwk as Record<string, unknown>;
    if (kty !== 'OKP' || crv !== 'Ed25519' || typeof kid !== 'string' || typeof x !== 'string') continue;
    try {
      keys.set(kid, createPublicKey({ key: { kty, crv, x }, format: 'jwk' }));
    } catch {
      // Not the bytes of a key.
    }
  }
  return keys;
}

export interface FetchedKeysOptions {
  /** How long a fetched set is used, default 10 minutes: Everhook publishes a new key an hour before it signs. */
  maxAgeMs?: number;
  /** An unknown kid fetches again, at most this often, default 30 s: anybody can make up kids. */
  refreshAfterMs?: number;
  /** The whole fetch, default 3 s. */
  timeoutMs?: number;
}

const largestSetBytes = 256 * 1024;
/** As long as Everhook goes on publishing a key that no longer signs. */
const usedUnrefreshedMs = 24 * 60 * 60_000;

/**
 * The keys that are published at this URL, fetched when they are first asked for and once more for an unknown kid.
 * Make it once and keep it: it is the cache. While the server can't be reached, keys fetched up to a day ago are used.
 *
 * @throws TypeError for a URL that is not https, or http on this machine
 */
export function fetchedKeys(url: string, options: FetchedKeysOptions = {}): KeySource {
  const { maxAgeMs = 10 * 60_000, refreshAfterMs = 30_000, timeoutMs = 3_000 } = options;
  const { protocol, hostname } = new URL(url);
  // Whoever could alter the answer on its way could sign everything.
  if (protocol !== 'https:' && !(protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))) {
    throw new TypeError('keys are fetched over https only');
  }
  let keys = new Map<string, KeyObject>();
  let fetchedAt = -Infinity;
  let triedAt = -Infinity;
  let underway: Promise<void> | undefined;
  const age = () => performance.now() - fetchedAt;

  async function fetchOnce(): Promise<void> {
    triedAt = performance.now();
    keys = keysOf(await fetchJwks(url, timeoutMs));
    fetchedAt = performance.now();
  }

  /** Many requests that need it at once cause one fetch. */
  function refresh(): Promise<void> {
    underway ??= fetchOnce().finally(() => (underway = undefined));
    return underway;
  }

  return {
    async find(kid) {
      const known = keys.get(kid);
      if (known && age() < maxAgeMs) return known;
      const mayTry = underway !== undefined || performance.now() - triedAt >= refreshAfterMs;
      if (mayTry) {
        const reached = await refresh().then(
          () => true,
          () => false,
        );
        if (reached) return keys.get(kid);
      }
      if (known && age() < usedUnrefreshedMs) return known;
      // The last try was answered, and lately: this kid is not published.
      if (fetchedAt >= triedAt) return undefined;
      throw new VerificationError('keys_unavailable', 'the keys to verify with could not be fetched');
    },
  };
}

async function fetchJwks(url: string, timeoutMs: number): Promise<Jwks> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > largestSetBytes) throw new RangeError('the key set is too large');
    chunks.push(chunk);
  }
  if (response.status !== 200) throw new Error(`the key set was answered ${response.status}`);
  const document: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (!isJwks(document)) throw new TypeError('the answer is not a key set');
  return document;
}

function isJwks(document: unknown): document is Jwks {
  if (typeof document !== 'object' || document === null || !('keys' in document)) return false;
  const { keys } = document;
  return Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
}
