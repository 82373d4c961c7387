import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { createVerifier, httpbis } from 'http-message-signatures';
import { parseDictionary, serializeDictionary } from 'structured-headers';
import { newSigningKeyPair, type PublicJwk } from '../../../src/domain/signing/jwk';
import { httpMessageSignatureHeaders, signComponents } from '../../../src/domain/signing/http-message-signatures';

const pair = newSigningKeyPair();
const key = { kid: pair.kid, privateKey: createPrivateKey(pair.privateKeyPem.reveal()) };
const created = new Date();
const body = Buffer.from('{"event":{"type":"OpenIdCredentialIssued","payload":{"name":"Zoë"}}}');
const url = 'https://receiver.example:8443/hooks/%C3%A4/in?a=1&b=%20';
const headers = {
  'x-sovrin-event-type': 'OpenIdCredentialIssued',
  'Content-Type': 'application/json',
  'content-length': String(body.length),
  host: 'receiver.example:8443',
  'webhook-id': 'evt_1',
};

interface SentRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Buffer;
}

const signed = (input: Partial<Parameters<typeof httpMessageSignatureHeaders>[0]> = {}): SentRequest => {
  const request = { method: 'POST', url, headers, body, ...input };
  const signature = httpMessageSignatureHeaders({ created, key, ...request });
  return { ...request, headers: { ...request.headers, ...signature } };
};

/** A receiver: looks the key up in the published set, verifies the signature with a library, and the digest itself. */
const verifies = async (request: SentRequest, published: PublicJwk[] = [pair.publicJwk]): Promise<boolean> => {
  const digest = createHash('sha256').update(request.body).digest('base64');
  if (request.headers['content-digest'] !== `sha-256=:${digest}:`) return false;
  const result = await httpbis.verifyMessage(
    {
      requiredFields: ['@request-target', '@method', 'content-digest'],
      requiredParams: ['created', 'keyid'],
      keyLookup: async ({ keyid }) => {
        const jwk = published.find(({ kid }) => kid === keyid);
        if (jwk === undefined) return null;
        const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
        return {
          id: jwk.kid,
          algs: ['ed25519'],
          verify: createVerifier(publicKey.export({ format: 'pem', type: 'spki' }).toString(), 'ed25519'),
        };
      },
    },
    request,
  );
  return result === true;
};

describe('HTTP message signature headers', () => {
  it('are verified by http-message-signatures with the published JWK', async () => {
    expect(await verifies(signed())).toBe(true);
    expect(await verifies(signed(), [newSigningKeyPair().publicJwk])).toBe(false);
  });

  it('cover the request target, the method, the digest and every header sent, sorted by name', () => {
    expect(signed().headers['signature-input']).toBe(
      'sig1=("@request-target" "@method" "content-digest" "content-length" "content-type" "host" "webhook-id" ' +
        `"x-sovrin-event-type");created=${Math.floor(created.getTime() / 1000)};keyid="${pair.kid}"`,
    );
  });

  it.each<[string, (request: SentRequest) => SentRequest]>([
    ['the body', (request) => ({ ...request, body: Buffer.from('{}') })],
    ['the method', (request) => ({ ...request, method: 'PUT' })],
    ['the path', (request) => ({ ...request, url: url.replace('/in', '/out') })],
    ['the percent-encoding of the path', (request) => ({ ...request, url: url.replace('%C3', '%c3') })],
    ['the query', (request) => ({ ...request, url: url.replace('a=1', 'a=2') })],
    ...Object.keys(headers).map((name): [string, (request: SentRequest) => SentRequest] => [
      `the header ${name}`,
      (request) => ({ ...request, headers: { ...request.headers, [name]: 'changed' } }),
    ]),
    [
      'body and digest together',
      (request) => {
        const digest = createHash('sha256').update('{}').digest('base64');
        const forged = { ...request.headers, 'content-digest': `sha-256=:${digest}:` };
        return { ...request, body: Buffer.from('{}'), headers: forged };
      },
    ],
    [
      'the time of signing',
      (request) => {
        const input = request.headers['signature-input']?.replace(/created=\d+/, 'created=1') ?? '';
        return { ...request, headers: { ...request.headers, 'signature-input': input } };
      },
    ],
  ])('no longer verify when %s was changed on the way', async (_part, tamper) => {
    expect(await verifies(tamper(signed()))).toBe(false);
  });

  it.each([
    ['https://receiver.example', '/'],
    ['https://receiver.example/', '/'],
    ['https://receiver.example/a/b', '/a/b'],
    ['https://receiver.example/a?x=1#part', '/a?x=1'],
  ])('sign the target of %s as %s, as it stands on the request line', async (target, line) => {
    const sent = signed({ url: target });
    expect(await verifies(sent)).toBe(true);
    expect(await verifies({ ...sent, url: `https://elsewhere.example${line}` })).toBe(true);
  });

  it('are verified by http-message-signatures for any visible header values and any body', async () => {
    const values = fc.dictionary(fc.stringMatching(/^x-[a-z0-9-]{1,12}$/), fc.stringMatching(/^[\x20-\x7e]{0,40}$/));
    await fc.assert(
      fc.asyncProperty(values, fc.uint8Array({ maxLength: 100 }), async (extra, bytes) => {
        expect(await verifies(signed({ headers: { ...headers, ...extra }, body: Buffer.from(bytes) }))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('are structured fields in their canonical serialisation, whatever the key id', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\x20-\x7e]{1,40}$/), (kid) => {
        const sent = signed({ key: { ...key, kid } }).headers;
        for (const name of ['content-digest', 'signature-input', 'signature']) {
          const field = sent[name] ?? '';
          expect(serializeDictionary(parseDictionary(field))).toBe(field);
        }
        expect(
          parseDictionary(sent['signature-input'] ?? '')
            .get('sig1')?.[1]
            .get('keyid'),
        ).toBe(kid);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a line break in a value', { headers: { 'x-a': 'a\n"@method": GET' } }],
    ['a value outside ASCII', { headers: { 'x-a': 'é' } }],
    ['a malformed header name', { headers: { 'x a': 'a' } }],
    ['a header given twice', { headers: { 'X-A': '1', 'x-a': '2' } }],
    ['a digest of the caller', { headers: { 'Content-Digest': 'sha-256=:AA==:' } }],
    ['a relative URL', { url: '/hooks' }],
    ['a line break in the key id', { key: { ...key, kid: 'a\nb' } }],
    ['an RSA key', { key: { kid: 'rsa', privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey } }],
  ])('are refused for %s', (_what, wrong) => {
    expect(() => signed(wrong)).toThrow(RangeError);
  });
});

describe('signing components', () => {
  it('gives the signature of RFC 9421 appendix B.2.6', () => {
    const privateKey = createPrivateKey({
      key: {
        kty: 'OKP',
        crv: 'Ed25519',
        d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
        x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
      },
      format: 'jwk',
    });
    const components = [
      ['date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
      ['@method', 'POST'],
      ['@path', '/foo'],
      ['@authority', 'example.com'],
      ['content-type', 'application/json'],
      ['content-length', '18'],
    ] as const;
    const rfcKey = { kid: 'test-key-ed25519', privateKey };
    expect(signComponents('sig-b26', components, new Date(1618884473_000), rfcKey)).toEqual({
      'signature-input':
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")' +
        ';created=1618884473;keyid="test-key-ed25519"',
      signature: 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    });
  });
});
