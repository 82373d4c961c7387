import { createPrivateKey } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { profiles, type AttemptContext } from '../../src/domain/profiles';
import { newSigningKeyPair } from '../../src/domain/signing/jwk';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { contracts } from '../../src/domain/webhook';

const pair = newSigningKeyPair();
const secrets = [newSigningSecret(), newSigningSecret()];
const context: AttemptContext = {
  attemptId: '0195d2a0-0000-7000-8000-000000000001',
  sentAt: new Date(),
  webhook: {
    id: '0195d2a0-0000-7000-8000-000000000002',
    targetUrl: 'https://receiver.example/hook',
    settings: {},
    headers: { 'x-team': 'billing' },
  },
  event: {
    id: 'evt_1',
    type: 'OpenIdCredentialIssued',
    occurredAt: new Date(Date.now() - 60_000),
    payloadJson: '{"b":1,"a":{"ä":"\\u0000 ☃"},"big":12345678901234567890,"one":1.0}',
  },
  secrets,
  messageSigningKey: { kid: pair.kid, privateKey: createPrivateKey(pair.privateKeyPem.reveal()) },
};

describe.each(contracts)('a request of the %s contract', (contract) => {
  const profile = profiles[contract];
  const { body, headers } = profile.request(context);

  it('has the payload as it was stored, to the last character of its numbers', () => {
    expect(body.toString()).toContain(`:${context.event.payloadJson}`);
    expect(() => JSON.parse(body.toString()) as unknown).not.toThrow();
  });

  it('is signed with every secret in force, so that a receiver with either can verify', () => {
    for (const secret of secrets) {
      expect(() => new Webhook(secret.reveal()).verify(body, headers)).not.toThrow();
    }
    expect(() => new Webhook(newSigningSecret().reveal()).verify(body, headers)).toThrow();
  });

  it("has the event's id as webhook-id and the attempt's time as webhook-timestamp", () => {
    expect(headers['webhook-id']).toBe('evt_1');
    expect(headers['webhook-timestamp']).toBe(String(Math.floor(context.sentAt.getTime() / 1000)));
  });

  it("has the webhook's own headers, which can not replace ours", () => {
    const forged = { ...context.webhook.headers, 'content-type': 'text/html', 'webhook-id': 'x' };
    const request = profile.request({ ...context, webhook: { ...context.webhook, headers: forged } });
    expect(request.headers).toMatchObject({
      'x-team': 'billing',
      'content-type': 'application/json',
      'webhook-id': 'evt_1',
    });
  });

  it('stays in the limits that the engine and the database have', () => {
    expect(profile.defaultTimeoutMs).toBe(3_000);
    expect(profile.maxTimeoutMs).toBeLessThanOrEqual(60_000);
    expect(profile.maxRetriesLimit).toBeLessThanOrEqual(10);
    expect(profile.maxRetriesLimit).toBeGreaterThanOrEqual(3);
  });
});

it("everhook's body is Standard Webhooks': type, timestamp, data", () => {
  const { body } = profiles.everhook.request(context);
  expect(Object.keys(JSON.parse(body.toString()) as object)).toEqual(['type', 'timestamp', 'data']);
});

describe("sovrin's body", () => {
  it('has exactly the keys of its guide', () => {
    const { body, headers } = profiles.sovrin.request(context);
    expect(JSON.parse(body.toString())).toEqual({
      deliveryId: context.attemptId,
      deliveryTimestamp: context.sentAt.toISOString(),
      webhookId: context.webhook.id,
      event: {
        id: 'evt_1',
        type: 'OpenIdCredentialIssued',
        payload: JSON.parse(context.event.payloadJson) as unknown,
        timestamp: context.event.occurredAt.toISOString(),
      },
    });
    expect(headers['x-sovrin-webhook-id']).toBe(context.webhook.id);
    expect(headers['x-sovrin-event-type']).toBe('OpenIdCredentialIssued');
  });

  it("is never older than its event, whatever the publisher's clock says", () => {
    const occurredAt = new Date(context.sentAt.getTime() + 3_600_000);
    const { body } = profiles.sovrin.request({ ...context, event: { ...context.event, occurredAt } });
    const { deliveryTimestamp, event } = JSON.parse(body.toString()) as {
      deliveryTimestamp: string;
      event: { timestamp: string };
    };
    expect(deliveryTimestamp >= event.timestamp).toBe(true);
  });

  it('allows no query string in a target and no more than three retries, as its guide says', () => {
    expect(profiles.sovrin).toMatchObject({ allowQuery: false, maxRetriesLimit: 3, maxTimeoutMs: 3_000 });
  });
});
