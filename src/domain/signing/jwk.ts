import { createHash, generateKeyPairSync } from 'node:crypto';
import { Secret } from '../secret';

/** A signing key's public half as `/v1/webhooks/jwks` shows it. */
export interface PublicJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  kid: string;
  /** The 32 bytes of the public key, base64url. */
  x: string;
  use: 'sig';
}

export interface SigningKeyPair {
  kid: string;
  publicJwk: PublicJwk;
  /** PKCS #8, for `crypto.createPrivateKey`. */
  privateKeyPem: Secret;
}

/** A new Ed25519 pair; its `kid` is the thumbprint of RFC 7638. */
export function newSigningKeyPair(): SigningKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  if (x === undefined) throw new Error('an Ed25519 public key without x');
  const kid = jwkThumbprint(x);
  return {
    kid,
    publicJwk: { kty: 'OKP', crv: 'Ed25519', kid, x, use: 'sig' },
    privateKeyPem: new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
  };
}

/** RFC 7638 for an Ed25519 key: SHA-256, base64url, of its required members in alphabetical order. */
export function jwkThumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}

/** When a key signs and when it is published. */
export interface SigningKeyLifetime {
  kid: string;
  /** Signs from here on, until a newer key does. */
  activeFrom: Date;
  /** Gone from the published set from here on; null: no successor yet. */
  retiredAt: Date | null;
}

const hour = 3_600_000;

/** How long a new key is published before it signs. What answers the key set must not let it be cached for longer. */
export const publishAheadMs = hour;

/** How long a key stays published after its successor took over, for receivers that verify late. */
export const keepPublishedMs = 24 * hour;

/** The dates of a rotation decided now: of the new key, and of every older one whose `retiredAt` is still null. */
export function planRotation(now: Date): { activeFrom: Date; previousRetiredAt: Date } {
  const activeFrom = new Date(now.getTime() + publishAheadMs);
  return { activeFrom, previousRetiredAt: new Date(activeFrom.getTime() + keepPublishedMs) };
}

/** The keys a receiver may meet: those that sign, will sign, or signed until lately. */
export function publishedKeys<Key extends SigningKeyLifetime>(keys: readonly Key[], now: Date): Key[] {
  return keys.filter((key) => key.retiredAt === null || key.retiredAt > now);
}

/** The newest published key that is already active, or undefined when there is none. */
export function selectSigningKey<Key extends SigningKeyLifetime>(keys: readonly Key[], now: Date): Key | undefined {
  return publishedKeys(keys, now)
    .filter((key) => key.activeFrom <= now)
    .reduce<Key | undefined>((best, key) => (best === undefined || isNewer(key, best) ? key : best), undefined);
}

/** Keys of the same instant are told apart by kid, so that every process picks the same one. */
function isNewer(a: SigningKeyLifetime, b: SigningKeyLifetime): boolean {
  const difference = a.activeFrom.getTime() - b.activeFrom.getTime();
  return difference > 0 || (difference === 0 && a.kid > b.kid);
}
