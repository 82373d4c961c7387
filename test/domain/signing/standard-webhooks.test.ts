import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { Secret } from '../../../src/domain/secret';
import { newSigningSecret, standardWebhooksHeaders } from '../../../src/domain/signing/standard-webhooks';

const timestamp = new Date();
const body = Buffer.from('{"type":"invoice.paid","data":{"ä":"€😀"}}');
const current = newSigningSecret();
const previous = newSigningSecret();

const verifies = (secret: Secret, sent: Buffer, headers: Record<string, string>): boolean => {
  try {
    new Webhook(secret.reveal()).verify(sent, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
};

describe('a new signing secret', () => {
  it('is whsec_ and 32 random bytes in base64', () => {
    const text = newSigningSecret().reveal();
    expect(text).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(Buffer.from(text.slice(6), 'base64')).toHaveLength(32);
    expect(newSigningSecret().reveal()).not.toBe(text);
  });
});

describe('Standard Webhooks headers', () => {
  it("give the signature of the specification's own libraries for their test vector", () => {
    expect(
      standardWebhooksHeaders({
        eventId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        timestamp: new Date(1614265330_000),
        body: Buffer.from('{"test": 2432232314}'),
        secrets: [new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')],
      }),
    ).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('are verified by the standardwebhooks package', () => {
    const headers = standardWebhooksHeaders({ eventId: 'evt_1', timestamp, body, secrets: [current] });
    expect(verifies(current, body, headers)).toBe(true);
    expect(verifies(previous, body, headers)).toBe(false);
    expect(verifies(current, Buffer.concat([body, Buffer.from(' ')]), headers)).toBe(false);
    expect(verifies(current, body, { ...headers, 'webhook-id': 'evt_2' })).toBe(false);
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(verifies(current, body, { ...headers, 'webhook-timestamp': later })).toBe(false);
  });

  it('let a receiver verify with either secret during a rotation, the current one listed first', () => {
    const headers = standardWebhooksHeaders({ eventId: 'evt_1', timestamp, body, secrets: [current, previous] });
    expect(verifies(current, body, headers)).toBe(true);
    expect(verifies(previous, body, headers)).toBe(true);
    expect(verifies(newSigningSecret(), body, headers)).toBe(false);
    const alone = standardWebhooksHeaders({ eventId: 'evt_1', timestamp, body, secrets: [current] });
    expect(headers['webhook-signature']?.split(' ')[0]).toBe(alone['webhook-signature']);
  });

  it('carry whole seconds, rounded down', () => {
    const headers = standardWebhooksHeaders({
      eventId: 'e',
      timestamp: new Date(1_700_000_000_999),
      body,
      secrets: [current],
    });
    expect(headers['webhook-timestamp']).toBe('1700000000');
  });

  it('sign any body byte for byte, whether or not it is text', () => {
    const key = Buffer.from(current.reveal().slice('whsec_'.length), 'base64');
    const ids = fc.stringMatching(/^[A-Za-z0-9_:-]{1,128}$/);
    fc.assert(
      fc.property(ids, fc.uint8Array({ maxLength: 300 }), (eventId, bytes) => {
        const headers = standardWebhooksHeaders({ eventId, timestamp, body: Buffer.from(bytes), secrets: [current] });
        const signed = Buffer.concat([Buffer.from(`${eventId}.${headers['webhook-timestamp']}.`), bytes]);
        const expected = createHmac('sha256', key).update(signed).digest('base64');
        expect(headers['webhook-signature']).toBe(`v1,${expected}`);
      }),
    );
  });

  it('are verified by the standardwebhooks package for any JSON body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sent = Buffer.from(JSON.stringify(value));
        const headers = standardWebhooksHeaders({ eventId: 'e', timestamp, body: sent, secrets: [current] });
        expect(verifies(current, sent, headers)).toBe(true);
      }),
    );
  });

  it.each([
    ['an event id with a full stop', { eventId: 'a.b' }],
    ['an empty event id', { eventId: '' }],
    ['no secret', { secrets: [] }],
    ['a secret without its prefix', { secrets: [new Secret('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjU')] }],
    ['a secret that decodes to nothing', { secrets: [current, new Secret('whsec_!!!')] }],
  ])('are refused for %s, without printing a secret', (_what, wrong) => {
    const attempt = () => standardWebhooksHeaders({ eventId: 'e', timestamp, body, secrets: [current], ...wrong });
    expect(attempt).toThrow(RangeError);
    expect(attempt).not.toThrow(/MfKQ|!!!/);
  });
});
