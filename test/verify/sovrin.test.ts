import { createHash, createPrivateKey } from 'node:crypto';
import { httpMessageSignatureHeaders, signComponents } from '../../src/domain/signing/http-message-signatures';
import { newSigningKeyPair } from '../../src/domain/signing/jwk';
import { verifySovrin, type SovrinRequest } from '../../src/verify';

const pair = newSigningKeyPair();
const key = { kid: pair.kid, privateKey: createPrivateKey(pair.privateKeyPem.reveal()) };
const body = JSON.stringify({
  deliveryId: 'd1',
  deliveryTimestamp: '2026-01-15T09:31:00.000Z',
  webhookId: 'w1',
  event: { id: 'e1', type: 'OpenIdCredentialIssued', payload: { name: 'Zoë' }, timestamp: '2026-01-15T09:30:00.000Z' },
});
const host = 'hooks.example:8443';
const path = '/in/%C3%A4?a=1';
const created = new Date();

/** A request as Everhook sends it, signed by another code than the one that verifies. */
function signed(rest: { body?: string } = {}, at = created): SovrinRequest {
  const sent = { 'content-type': 'application/json', 'webhook-id': 'e1', host };
  const signature = httpMessageSignatureHeaders({
    method: 'POST',
    url: `https://${host}${path}`,
    headers: sent,
    body: Buffer.from(rest.body ?? body),
    created: at,
    key,
  });
  return {
    method: 'POST',
    url: path,
    host,
    webhookIds: 'w1',
    keys: { keys: [pair.publicJwk] },
    body,
    ...rest,
    headers: { ...sent, ...signature },
  };
}

/** Signed like it, but over these components only. */
function partly(...identifiers: string[]): SovrinRequest {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const values = new Map([
    ['@method', 'POST'],
    ['@request-target', path],
    ['content-digest', digest],
    ['host', host],
  ]);
  const components = identifiers.map((identifier) => [identifier, values.get(identifier) ?? ''] as const);
  return {
    ...signed(),
    headers: { host, 'content-digest': digest, ...signComponents('sig1', components, created, key) },
  };
}

const altered = (name: string, change: (value: string) => string | undefined): SovrinRequest => {
  const request = signed();
  const headers = request.headers as Record<string, string>;
  return { ...request, headers: { ...headers, [name]: change(headers[name] ?? '') } };
};

it('a request is verified with the published key, and its event is read', async () => {
  const event = await verifySovrin(signed());
  expect(event).toMatchObject({
    id: 'e1',
    type: 'OpenIdCredentialIssued',
    payload: { name: 'Zoë' },
    body: { deliveryId: 'd1' },
  });
  expect(event.timestamp).toEqual(new Date('2026-01-15T09:30:00Z'));
  expect(await verifySovrin({ ...signed(), body: Buffer.from(body) })).toEqual(event);
});

it.each<[string, () => SovrinRequest]>([
  [
    'Headers of Fetch and all of the URL',
    () => {
      const request = signed();
      return {
        ...request,
        headers: new Headers(request.headers as Record<string, string>),
        url: `https://${host}${path}`,
      };
    },
  ],
  ['a proxy that sends another Host', () => altered('host', () => 'internal:3000')],
  [
    'several keys',
    () => ({
      ...signed(),
      keys: { keys: [newSigningKeyPair().publicJwk, { kty: 'RSA', kid: pair.kid }, pair.publicJwk] },
    }),
  ],
  ['several registrations', () => ({ ...signed(), webhookIds: ['w0', 'w1'] })],
  [
    "a proxy's signature beside it",
    () => {
      const request = altered('signature', (value) => `${value}, proxy=:AAAA:`);
      const headers = request.headers as Record<string, string>;
      return {
        ...request,
        headers: { ...headers, 'signature-input': `proxy=("date");created=1, ${headers['signature-input']}` },
      };
    },
  ],
  ['exactly what has to be covered', () => partly('@method', '@request-target', 'content-digest', 'host')],
])('a request is verified with %s', async (_how, make) => {
  expect(await verifySovrin(make())).toMatchObject({ id: 'e1' });
});

it.each<[string, string, () => SovrinRequest]>([
  ['digest_mismatch', 'another body', () => ({ ...signed(), body: body.replace('Zoë', 'Zoe') })],
  [
    'signature_mismatch',
    'another body with its digest',
    () => {
      const forged = body.replace('Zoë', 'Zoe');
      const digest = `sha-256=:${createHash('sha256').update(forged).digest('base64')}:`;
      return { ...altered('content-digest', () => digest), body: forged };
    },
  ],
  ['signature_mismatch', 'another method', () => ({ ...signed(), method: 'PUT' })],
  ['signature_mismatch', 'another path', () => ({ ...signed(), url: '/out?a=1' })],
  ['signature_mismatch', 'another query', () => ({ ...signed(), url: path.replace('1', '2') })],
  ['signature_mismatch', 'a request for another host', () => ({ ...signed(), host: 'other.example' })],
  ['signature_mismatch', 'a header that was altered', () => altered('webhook-id', () => 'e2')],
  ['missing_header', 'a header that was taken away', () => altered('webhook-id', () => undefined)],
  [
    'signature_mismatch',
    'another time',
    () =>
      altered('signature-input', (value) =>
        value.replace(/created=(\d+)/, (_, at: string) => `created=${Number(at) + 1}`),
      ),
  ],
  [
    'signature_mismatch',
    'the key of somebody else under its kid',
    () => ({ ...signed(), keys: { keys: [{ ...newSigningKeyPair().publicJwk, kid: pair.kid }] } }),
  ],
  [
    'unknown_key',
    'a key that is not published',
    () => ({ ...signed(), keys: { keys: [newSigningKeyPair().publicJwk] } }),
  ],
  ['unknown_key', 'no keys', () => ({ ...signed(), keys: { keys: [] } })],
  ['timestamp_too_old', 'a request of 301 s ago', () => ({ ...signed(), now: new Date(Date.now() + 302_000) })],
  ['timestamp_too_new', 'a request of 301 s ahead', () => signed({}, new Date(Date.now() + 302_000))],
  ['incomplete_signature', 'a signature without the method', () => partly('@request-target', 'content-digest', 'host')],
  ['incomplete_signature', 'a signature without the target', () => partly('@method', 'content-digest', 'host')],
  ['incomplete_signature', 'a signature without the body', () => partly('@method', '@request-target', 'host')],
  [
    'incomplete_signature',
    'a signature without the host',
    () => partly('@method', '@request-target', 'content-digest'),
  ],
  ['incomplete_signature', 'a signature of nothing', () => partly()],
  [
    'malformed_header',
    'a component twice',
    () => altered('signature-input', (value) => value.replace('("', '("host" "')),
  ],
  [
    'malformed_header',
    'a component with a parameter',
    () => altered('signature-input', (value) => value.replace('"host"', '"host";bs')),
  ],
  ['malformed_header', 'another algorithm', () => altered('signature-input', (value) => `${value};alg="hmac-sha256"`)],
  ['malformed_header', 'no time', () => altered('signature-input', (value) => value.replace(/;created=\d+/, ''))],
  ['malformed_header', 'no key id', () => altered('signature-input', (value) => value.replace(/;keyid="[^"]*"/, ''))],
  ['malformed_header', 'another label', () => altered('signature-input', (value) => value.replace('sig1', 'sig2'))],
  ['malformed_header', 'an input that is no dictionary', () => altered('signature-input', () => '((')],
  ['malformed_header', 'an input that is no list', () => altered('signature-input', () => 'sig1=1')],
  ['malformed_header', 'a signature that is no bytes', () => altered('signature', () => 'sig1="text"')],
  [
    'malformed_header',
    'another kind of digest alone',
    () => altered('content-digest', (value) => value.replace('sha-256', 'md5')),
  ],
  ['missing_header', 'no signature', () => altered('signature', () => undefined)],
  ['missing_header', 'no input', () => altered('signature-input', () => undefined)],
  ['missing_header', 'no digest', () => altered('content-digest', () => undefined)],
  ['wrong_webhook', "another tenant's webhook to the same URL", () => ({ ...signed(), webhookIds: ['w2'] })],
  ['malformed_body', 'a body that is no event', () => signed({ body: '{}' })],
  ['malformed_body', 'an event without id', () => signed({ body: body.replace('"id":"e1",', '') })],
])('a request is refused as %s for %s', async (code, _what, make) => {
  const refused = expect(verifySovrin(make())).rejects;
  await refused.toMatchObject({ name: 'VerificationError', code });
});

it('a relative URL that is no path, and a body that was parsed, are mistakes of the receiver', async () => {
  await expect(verifySovrin({ ...signed(), url: 'hooks' })).rejects.toThrow(TypeError);
  const parsed: string = JSON.parse(body);
  await expect(verifySovrin({ ...signed(), body: parsed })).rejects.toThrow(TypeError);
});
