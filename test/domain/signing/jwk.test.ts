import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { calculateJwkThumbprint } from 'jose';
import {
  jwkThumbprint,
  keepPublishedMs,
  newSigningKeyPair,
  planRotation,
  publishAheadMs,
  publishedKeys,
  selectSigningKey,
  type SigningKeyLifetime,
} from '../../../src/domain/signing/jwk';

describe('a new signing key pair', () => {
  const pair = newSigningKeyPair();

  it('publishes exactly the members that the contract names', () => {
    expect(pair.publicJwk).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      kid: pair.kid,
      x: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      use: 'sig',
    });
  });

  it('is named by its RFC 7638 thumbprint', async () => {
    expect(pair.kid).toBe(await calculateJwkThumbprint(pair.publicJwk, 'sha256'));
    // RFC 8037, appendix A.3
    expect(jwkThumbprint('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    );
  });

  it('has two halves that belong together, and a private one that does not print', () => {
    const message = Buffer.from('hello');
    const signature = sign(null, message, createPrivateKey(pair.privateKeyPem.reveal()));
    expect(verify(null, message, createPublicKey({ key: { ...pair.publicJwk }, format: 'jwk' }), signature)).toBe(true);
    expect(inspect(pair) + JSON.stringify(pair)).not.toContain('PRIVATE KEY');
  });
});

const hour = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * hour);
const lifetime = (kid: string, from: number, retired: number | null): SigningKeyLifetime => ({
  kid,
  activeFrom: at(from),
  retiredAt: retired === null ? null : at(retired),
});

describe('around a rotation', () => {
  // Decided at hour 10: the new key signs from 11 on, the old one is published until 35.
  const keys = [lifetime('old', 0, 35), lifetime('new', 11, null)];
  const moment = hour / 3_600_000_000;

  it.each([
    { hours: -1, signing: undefined, published: ['old', 'new'] },
    { hours: 0, signing: 'old', published: ['old', 'new'] },
    { hours: 10, signing: 'old', published: ['old', 'new'] },
    { hours: 11 - moment, signing: 'old', published: ['old', 'new'] },
    { hours: 11, signing: 'new', published: ['old', 'new'] },
    { hours: 35 - moment, signing: 'new', published: ['old', 'new'] },
    { hours: 35, signing: 'new', published: ['new'] },
    { hours: 1000, signing: 'new', published: ['new'] },
  ])('at hour $hours $signing signs and $published are published', ({ hours, signing, published }) => {
    expect(selectSigningKey(keys, at(hours))?.kid).toBe(signing);
    expect(publishedKeys(keys, at(hours)).map(({ kid }) => kid)).toEqual(published);
  });

  it('the dates are an hour ahead for the new key and a day after that for the old', () => {
    expect(planRotation(at(10))).toEqual({ activeFrom: at(11), previousRetiredAt: at(35) });
  });

  it('a key retired at once, because it leaked, no longer signs even if it is the newest', () => {
    const leaked = [lifetime('safe', 0, null), lifetime('leaked', 5, 6)];
    expect(selectSigningKey(leaked, at(5))?.kid).toBe('leaked');
    expect(selectSigningKey(leaked, at(6))?.kid).toBe('safe');
    expect(selectSigningKey([lifetime('leaked', 5, 6)], at(6))).toBeUndefined();
  });

  it('keys of the same instant give the same choice in any order', () => {
    const twins = [lifetime('a', 0, null), lifetime('b', 0, null)];
    expect(selectSigningKey(twins, at(1))?.kid).toBe('b');
    expect(selectSigningKey(twins.toReversed(), at(1))?.kid).toBe('b');
  });
});

describe('over any series of rotations', () => {
  const start = at(0).getTime();
  const gaps = fc.array(fc.integer({ min: 0, max: 72 * hour }), { maxLength: 6 });

  const rotate = (between: number[]): SigningKeyLifetime[] => {
    let now = start;
    let keys: SigningKeyLifetime[] = [{ kid: 'k0', activeFrom: new Date(start), retiredAt: null }];
    for (const [index, gap] of between.entries()) {
      now += gap;
      const { activeFrom, previousRetiredAt } = planRotation(new Date(now));
      keys = keys.map((key) => ({ ...key, retiredAt: key.retiredAt ?? previousRetiredAt }));
      keys.push({ kid: `k${index + 1}`, activeFrom, retiredAt: null });
    }
    return keys;
  };

  it('the signing key is published from before its first signature until a day after its last', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 0, max: 600 * hour }), (between, offset) => {
        const keys = rotate(between);
        const edges = keys.flatMap(({ activeFrom, retiredAt }) => [activeFrom, retiredAt ?? activeFrom]);
        const instants = edges.flatMap((edge) => [edge.getTime() - 1, edge.getTime(), edge.getTime() + 1]);
        for (const instant of [start + offset, ...instants].filter((time) => time >= start)) {
          const signing = selectSigningKey(keys, new Date(instant));
          expect(signing).toBeDefined();
          for (const seen of [instant - publishAheadMs, instant, instant + keepPublishedMs - 1]) {
            expect(publishedKeys(keys, new Date(seen))).toContain(signing);
          }
        }
      }),
    );
  });
});
