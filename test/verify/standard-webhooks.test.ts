import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { verifyStandardWebhooks, verifyStandardWebhooksSignature, VerificationError } from '../../src/verify';

/** The vector of the specification's own libraries. */
const vector = {
  secrets: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  headers: {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  body: '{"test": 2432232314}',
  now: new Date(1614265330_000),
};
const { headers } = vector;
const signature = headers['webhook-signature'];

/** What the callback throws; fails the test when it throws nothing. */
function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('the vector of Standard Webhooks', () => {
  it.each<[string, Partial<Parameters<typeof verifyStandardWebhooksSignature>[0]>]>([
    ['as it stands', {}],
    ['with bytes for a body', { body: Buffer.from(vector.body) }],
    ['with a view into a larger buffer', { body: new Uint8Array(Buffer.from(`xx${vector.body}yy`)).subarray(2, -2) }],
    ['with Headers of Fetch', { headers: new Headers(headers) }],
    [
      'with header names as they were sent',
      {
        headers: {
          'Webhook-Id': headers['webhook-id'],
          'WEBHOOK-TIMESTAMP': '1614265330',
          'Webhook-Signature': signature,
        },
      },
    ],
    ['with a secret without its prefix', { secrets: vector.secrets.replace('whsec_', '') }],
    ['with the right one of several secrets', { secrets: [newSigningSecret().reveal(), vector.secrets] }],
    [
      'among other signatures',
      { headers: { ...headers, 'webhook-signature': `v1,AAAA v1a,x v2,${signature} ${signature}` } },
    ],
    ['at the end of the tolerance', { now: new Date(1614265630_000) }],
    ['at the beginning of the tolerance', { now: new Date(1614265030_000) }],
    ['later, with a tolerance for it', { now: new Date(1614269330_000), toleranceSeconds: 4_000 }],
  ])('is verified %s', (_how, rest) => {
    expect(verifyStandardWebhooksSignature({ ...vector, ...rest })).toEqual({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      sentAt: new Date('2021-02-25T15:02:10Z'),
    });
  });

  it.each<[string, string, Partial<Parameters<typeof verifyStandardWebhooksSignature>[0]>]>([
    ['signature_mismatch', 'another body', { body: '{"test": 2432232315}' }],
    ['signature_mismatch', 'the same JSON otherwise written', { body: '{"test":2432232314}' }],
    ['signature_mismatch', 'another id', { headers: { ...headers, 'webhook-id': 'msg_other' } }],
    ['signature_mismatch', 'another time', { headers: { ...headers, 'webhook-timestamp': '1614265331' } }],
    ['signature_mismatch', 'another secret', { secrets: newSigningSecret().reveal() }],
    [
      'signature_mismatch',
      'a signature of another version',
      { headers: { ...headers, 'webhook-signature': signature.replace('v1', 'v2') } },
    ],
    ['signature_mismatch', 'a shorter signature', { headers: { ...headers, 'webhook-signature': 'v1,g0hM' } }],
    ['signature_mismatch', 'an empty signature', { headers: { ...headers, 'webhook-signature': 'v1,' } }],
    ['missing_header', 'no signature', { headers: { ...headers, 'webhook-signature': undefined } }],
    ['missing_header', 'no id', { headers: { ...headers, 'webhook-id': '' } }],
    ['missing_header', 'no time', { headers: { ...headers, 'webhook-timestamp': undefined } }],
    ['missing_header', 'no headers', { headers: new Headers() }],
    ['malformed_header', 'a time that is none', { headers: { ...headers, 'webhook-timestamp': '1e9' } }],
    ['malformed_header', 'a negative time', { headers: { ...headers, 'webhook-timestamp': '-1614265330' } }],
    ['malformed_header', 'two ids', { headers: { ...headers, 'webhook-id': ['a', 'b'] } }],
    ['malformed_header', 'an id in two spellings', { headers: { ...headers, 'Webhook-Id': 'b' } }],
    ['timestamp_too_old', 'a request of 301 s ago', { now: new Date(1614265631_000) }],
    ['timestamp_too_new', 'a request of 301 s ahead', { now: new Date(1614265029_000) }],
  ])('is refused as %s for %s', (code, _what, rest) => {
    const error = errorOf(() => verifyStandardWebhooksSignature({ ...vector, ...rest }));
    expect(error).toBeInstanceOf(VerificationError);
    expect(error).toMatchObject({ name: 'VerificationError', code, status: 401 });
    expect(String(error)).not.toContain('MfKQ');
  });

  it('is refused as soon as it is too old by the clock of this machine', () => {
    expect(errorOf(() => verifyStandardWebhooksSignature({ ...vector, now: undefined }))).toMatchObject({
      code: 'timestamp_too_old',
    });
  });
});

it.each<[string, string | string[]]>([
  ['no secret', []],
  ['an empty secret', ''],
  ['a prefix alone', 'whsec_'],
  ['a short secret', 'whsec_c2hvcnQ='],
  ['a secret that is no base64', `whsec_${'!'.repeat(40)}`],
  ['a malformed one beside a right one', [vector.secrets, 'whsec_MfKQ9r8GKYqr TwjUPD8ILPZIo2LaLaSw']],
])('%s is a mistake of the receiver, not of the request, and is not printed', (_what, secrets) => {
  const error = errorOf(() => verifyStandardWebhooksSignature({ ...vector, secrets }));
  expect(error).toBeInstanceOf(RangeError);
  expect(String(error)).not.toMatch(/MfKQ|c2hvcnQ|!!/);
});

it('a body that was parsed already is a mistake of the receiver', () => {
  const parsed: string = JSON.parse(vector.body);
  expect(errorOf(() => verifyStandardWebhooksSignature({ ...vector, body: parsed }))).toBeInstanceOf(TypeError);
});

describe('the event of a verified request', () => {
  const secret = newSigningSecret().reveal();
  const at = new Date(Math.floor(Date.now() / 1000) * 1000);
  const requestOf = (body: string) => ({
    secrets: secret,
    body,
    headers: {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(at.getTime() / 1000),
      'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
    },
  });
  const happened = '2026-01-15T09:30:00.000Z';
  const payload = { a: 'ä' };

  it.each<[string, object, Date]>([
    ['everhook', { type: 't', timestamp: happened, data: payload }, new Date(happened)],
    ['iceye', { id: 'evt_1', type: 't', createdAt: happened, webhookId: 'w', data: payload }, new Date(happened)],
    ['celcoin', { event: 't', data: payload }, at],
    ['tyk', { Event: 't', Message: payload, Timestamp: '2026-01-15T10:30:00.000000000+01:00' }, new Date(happened)],
    ['sovrin', { webhookId: 'w', event: { id: 'evt_1', type: 't', payload, timestamp: happened } }, new Date(happened)],
  ])('is read from the body of the %s contract', (_contract, body, timestamp) => {
    const event = verifyStandardWebhooks(requestOf(JSON.stringify(body)));
    expect(event).toEqual({ id: 'evt_1', type: 't', timestamp, payload, body });
  });

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{',
    '{}',
    '{"type":"t"}',
    '{"type":1,"data":{}}',
    '{"type":"t","data":[]}',
    '{"type":"t","data":{},"timestamp":"soon"}',
    '{"type":"t","data":{},"timestamp":1}',
    '{"type":"t","event":null,"data":null}',
  ])('is refused as malformed_body when it is %s', (body) => {
    expect(errorOf(() => verifyStandardWebhooks(requestOf(body)))).toMatchObject({
      code: 'malformed_body',
      status: 400,
    });
  });

  it('is not read before its signature is verified', () => {
    expect(errorOf(() => verifyStandardWebhooks({ ...requestOf('{}'), body: '[]' }))).toMatchObject({
      code: 'signature_mismatch',
    });
  });

  it('is refused, and nothing else happens, whatever anybody sends', () => {
    const anything = fc.dictionary(
      fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature'),
      fc.oneof(
        fc.string(),
        fc.constant(String(at.getTime() / 1000)),
        fc.string().map((text) => `v1,${text}`),
      ),
    );
    fc.assert(
      fc.property(anything, fc.uint8Array(), (sent, body) => {
        const error = errorOf(() => verifyStandardWebhooks({ secrets: secret, headers: sent, body }));
        expect(error).toBeInstanceOf(VerificationError);
      }),
    );
  });
});
