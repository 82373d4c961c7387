import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { Secret } from '../../src/domain/secret';
import {
  createTokens,
  hashClientSecret,
  newClientSecret,
  parseTokenSigningKeys,
  sameDigest,
} from '../../src/platform/tokens';

const key = (bytes = 32) => new Secret(randomBytes(bytes).toString('base64'));
const issuer = 'everhook';
const first = key();
const second = key();
const tokens = createTokens({ signingKeys: [first], issuer });
const identity = {
  tenantId: '0198c0de-0000-7000-8000-000000000001',
  clientId: 'client-1',
  scopes: ['webhooks:read', 'events:publish'],
};
const bytesOf = (secret: Secret) => Buffer.from(secret.reveal(), 'base64');

describe('TOKEN_SIGNING_KEY', () => {
  it('is a list of base64 keys', () => {
    const keys = parseTokenSigningKeys(`${first.reveal()}, ${second.reveal()}`);
    expect(keys.map((secret) => secret.reveal())).toEqual([first.reveal(), second.reveal()]);
  });

  const short = randomBytes(31).toString('base64');
  it.each([
    ['empty', '', 1],
    ['too short', short, 1],
    ['too short in second place', `${first.reveal()},${short}`, 2],
    ['text', 'a long enough text which however is not base64 at all', 1],
    ['without padding', first.reveal().replace('=', ''), 1],
    ['a list with a comma at the end', `${first.reveal()},`, 2],
  ])('is refused with one line naming the entry when it is %s', (_what, text, position) => {
    const message = `TOKEN_SIGNING_KEY: entry ${position} must be base64 of at least 32 random bytes`;
    expect(() => parseTokenSigningKeys(text)).toThrow(new Error(message));
  });
});

describe('an access token', () => {
  const now = new Date('2026-01-01T12:00:00.500Z');
  const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

  it('tells who its bearer is, for an hour and 30 seconds of clock tolerance', async () => {
    const { accessToken, expiresIn } = await tokens.issue(identity, now);
    expect(expiresIn).toBe(3600);
    expect(await tokens.verify(accessToken, now)).toEqual(identity);
    expect(await tokens.verify(accessToken, later(-20))).toEqual(identity);
    expect(await tokens.verify(accessToken, later(3629))).toEqual(identity);
    expect(await tokens.verify(accessToken, later(3631))).toBeNull();
  });

  it('is what it is each time it is asked, before and after it expired', async () => {
    const { accessToken } = await tokens.issue(identity, now);
    for (const [seconds, whose] of [
      [0, identity],
      [3629, identity],
      [3631, null],
      [-20, identity],
      [7200, null],
    ] as const) {
      expect(await tokens.verify(accessToken, later(seconds))).toEqual(whose);
    }
  });

  it('counts from the present time when none is given', async () => {
    expect(await tokens.verify((await tokens.issue(identity)).accessToken)).toEqual(identity);
    expect(await tokens.verify((await tokens.issue(identity, now)).accessToken, later(7200))).toBeNull();
  });

  it('may have no scope at all', async () => {
    const { accessToken } = await tokens.issue({ ...identity, scopes: [] });
    expect(await tokens.verify(accessToken)).toEqual({ ...identity, scopes: [] });
  });

  it('is a JWT as RFC 9068 describes, which another verifier accepts', async () => {
    const { accessToken } = await tokens.issue(identity);
    const { payload, protectedHeader } = await jwtVerify(accessToken, bytesOf(first), { issuer, typ: 'at+jwt' });
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: expect.any(String) });
    expect(payload).toMatchObject({ sub: 'client-1', client_id: 'client-1', scope: 'webhooks:read events:publish' });
    expect((await tokens.issue(identity)).accessToken).not.toBe(accessToken);
  });

  it('signed with the previous key stays good after a rotation, new ones use the new key', async () => {
    const { accessToken } = await tokens.issue(identity);
    const rotated = createTokens({ signingKeys: [second, first], issuer });
    expect(await rotated.verify(accessToken)).toEqual(identity);
    const renewed = (await rotated.issue(identity)).accessToken;
    expect(decodeProtectedHeader(renewed).kid).not.toBe(decodeProtectedHeader(accessToken).kid);
    expect(await rotated.verify(renewed)).toEqual(identity);
    expect(await tokens.verify(renewed)).toBeNull();
    expect(await createTokens({ signingKeys: [second], issuer }).verify(accessToken)).toBeNull();
  });

  describe('is refused', () => {
    let accessToken = '';
    let header: { alg: string; typ?: string; kid?: string } = { alg: '' };
    let claims: Record<string, unknown> = {};

    beforeAll(async () => {
      ({ accessToken } = await tokens.issue(identity));
      header = { alg: 'HS256', typ: 'at+jwt', kid: decodeProtectedHeader(accessToken).kid ?? '' };
      claims = decodeJwt(accessToken);
    });

    const signedWith = (headerChange: object, claimsChange: object) =>
      new SignJWT({ ...claims, ...claimsChange })
        .setProtectedHeader({ ...header, ...headerChange })
        .sign(bytesOf(first));

    it('not when it is rebuilt unchanged, so that the cases below fail for their one change', async () => {
      expect(await tokens.verify(await signedWith({}, {}))).toEqual(identity);
    });

    it.each<[string, object, object]>([
      ['of another type', { typ: 'JWT' }, {}],
      ['without a type', { typ: undefined }, {}],
      ['without a kid', { kid: undefined }, {}],
      ['with an unknown kid', { kid: 'x' }, {}],
      ['of another issuer', {}, { iss: 'elsewhere' }],
      ['without an issuer', {}, { iss: undefined }],
      ['for another audience', {}, { aud: 'elsewhere' }],
      ['without an audience', {}, { aud: undefined }],
      ['that never expires', {}, { exp: undefined }],
      ['that is not valid yet', {}, { nbf: Math.floor(Date.now() / 1000) + 60 }],
      ['without a tenant', {}, { tenant_id: undefined }],
      ['with a tenant that is no text', {}, { tenant_id: { $ne: '' } }],
      ['without a client', {}, { client_id: undefined }],
      ['with a list of scopes', {}, { scope: ['webhooks:read'] }],
    ])('%s', async (_what, headerChange, claimsChange) => {
      expect(await tokens.verify(await signedWith(headerChange, claimsChange))).toBeNull();
    });

    it('before it is valid, though it was asked for when it will be', async () => {
      const nbf = Math.floor(Date.now() / 1000) + 600;
      const token = await signedWith({}, { nbf });
      expect(await tokens.verify(token, new Date((nbf + 60) * 1000))).toEqual(identity);
      expect(await tokens.verify(token)).toBeNull();
    });

    it('with another HMAC, an asymmetric signature, or none', async () => {
      const hs512 = await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'HS512' }).sign(Buffer.alloc(64, 1));
      const { privateKey } = generateKeyPairSync('ed25519');
      const eddsa = await new SignJWT(claims).setProtectedHeader({ ...header, alg: 'EdDSA' }).sign(privateKey);
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const none = `${part({ ...header, alg: 'none' })}.${part(claims)}.`;
      const keyed = `${part({ ...header, alg: 'HS384' })}.${part(claims)}`;
      const hs384 = `${keyed}.${createHmac('sha384', bytesOf(first)).update(keyed).digest('base64url')}`;
      for (const token of [hs512, hs384, eddsa, none, new UnsecuredJWT(claims).encode()]) {
        expect(await tokens.verify(token)).toBeNull();
      }
    });

    it('of an installation with other keys', async () => {
      const foreign = createTokens({ signingKeys: [key()], issuer });
      expect(await tokens.verify((await foreign.issue(identity)).accessToken)).toBeNull();
    });

    it('with any one character changed', async () => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      for (const [index, character] of [...accessToken].entries()) {
        // Its highest bit, for the lowest ones of the last character aren't part of the signature.
        const other = character === '.' ? 'A' : alphabet[alphabet.indexOf(character) ^ 32];
        const changed = accessToken.slice(0, index) + other + accessToken.slice(index + 1);
        expect(await tokens.verify(changed)).toBeNull();
      }
    });

    it('when it is no token at all, and never with an exception', async () => {
      const pieces = fc.array(fc.oneof(fc.string(), fc.base64String(), fc.json()), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(pieces, async (parts) => {
          expect(await tokens.verify(parts.join('.'))).toBeNull();
          const encoded = parts.map((part) => Buffer.from(part).toString('base64url'));
          expect(await tokens.verify(encoded.join('.'))).toBeNull();
          expect(await tokens.verify([accessToken.split('.')[0], ...encoded].join('.'))).toBeNull();
        }),
      );
      expect(await tokens.verify('')).toBeNull();
    });

    it('when it is longer than any of ours', async () => {
      const long = await signedWith({}, { padding: 'x'.repeat(5000) });
      expect(await tokens.verify(long)).toBeNull();
    });
  });

  it('comes from an object that does not print its keys, and that needs one', () => {
    expect(inspect(tokens, { showHidden: true, depth: 9 })).not.toContain(first.reveal());
    expect(() => createTokens({ signingKeys: [], issuer })).toThrow('at least one signing key');
  });
});

describe('a client secret', () => {
  it('is 32 random bytes in base64url and does not print', () => {
    const secret = newClientSecret();
    expect(secret.reveal()).toMatch(/^[\w-]{43}$/);
    expect(newClientSecret().reveal()).not.toBe(secret.reveal());
    expect(`${secret}`).toBe('[redacted]');
  });

  it('is stored as its SHA-256', () => {
    expect(hashClientSecret(new Secret('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('is compared by digest, without an exception for unequal lengths', () => {
    const digest = hashClientSecret(new Secret('abc'));
    expect(sameDigest(digest, hashClientSecret(new Secret('abc')))).toBe(true);
    expect(sameDigest(digest, hashClientSecret(new Secret('abd')))).toBe(false);
    expect(sameDigest(digest, digest.subarray(1))).toBe(false);
    expect(sameDigest(digest, Buffer.alloc(0))).toBe(false);
  });
});
