import { createHmac } from 'node:crypto';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { VerificationError, verifyTyk } from '../../src/verify';

const secret = newSigningSecret().reveal();
const body = '{"Event":"UserRegistered","Message":{"ID":7},"Timestamp":"2026-01-15T09:30:00.123456789Z"}';
/** As Tyk's own guide computes it: the key is the text as it was shown. */
const sign = (text: string, key = secret) => createHmac('sha256', key).update(text).digest('hex');
const request = { secrets: secret, body, headers: { 'x-signature-sha256': sign(body) } };

it('a signature of the body is verified, and the event is read', () => {
  const event = verifyTyk(request);
  expect(event).toMatchObject({ type: 'UserRegistered', payload: { ID: 7 } });
  expect(event.timestamp).toEqual(new Date('2026-01-15T09:30:00.123Z'));
  expect(event).not.toHaveProperty('id');
  expect(verifyTyk({ ...request, secrets: [newSigningSecret().reveal(), secret] })).toEqual(event);
  expect(verifyTyk({ ...request, headers: new Headers(request.headers) })).toEqual(event);
});

it('the key is the text of the secret, not the bytes it stands for', () => {
  const decoded = Buffer.from(secret.slice(6), 'base64');
  const headers = { 'x-signature-sha256': createHmac('sha256', decoded).update(body).digest('hex') };
  expect(() => verifyTyk({ ...request, headers })).toThrow(VerificationError);
});

it.each<[string, string, Partial<Parameters<typeof verifyTyk>[0]>]>([
  ['signature_mismatch', 'another body', { body: body.replace('7', '8') }],
  ['signature_mismatch', 'another secret', { secrets: newSigningSecret().reveal() }],
  ['malformed_header', 'upper case', { headers: { 'x-signature-sha256': sign(body).toUpperCase() } }],
  ['malformed_header', 'a part of it', { headers: { 'x-signature-sha256': sign(body).slice(0, 32) } }],
  ['missing_header', 'no signature', { headers: {} }],
  [
    'malformed_body',
    'no time',
    { body: '{"Event":"x","Message":{}}', headers: { 'x-signature-sha256': sign('{"Event":"x","Message":{}}') } },
  ],
])('a request is refused as %s for %s', (code, _what, rest) => {
  expect(() => verifyTyk({ ...request, ...rest })).toThrow(
    expect.objectContaining({ name: 'VerificationError', code }),
  );
});

it.each([[[]], ['']])('secrets %j are a mistake of the receiver', (secrets) => {
  expect(() => verifyTyk({ ...request, secrets })).toThrow(RangeError);
});
