import { findEventType } from '../../src/domain/event-catalogue';
import { profiles, type AttemptContext } from '../../src/domain/profiles';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';

const context: AttemptContext = {
  attemptId: '0195d2a0-0000-7000-8000-000000000001',
  sentAt: new Date('2026-01-15T09:30:05.000Z'),
  webhook: {
    id: '0195d2a0-0000-7000-8000-000000000002',
    targetUrl: 'https://receiver.example/hook',
    settings: {},
    headers: {},
  },
  event: {
    id: 'evt_1',
    type: 'purchase.delivered',
    occurredAt: new Date('2026-01-15T09:30:00.000Z'),
    payloadJson: '{"status":"closed","purchaseId":"p-1","price":1.00}',
  },
  secrets: [newSigningSecret()],
  messageSigningKey: null,
};

it('a request has exactly the body of the contract, the payload character by character', () => {
  const { method, body } = profiles.iceye.request(context);
  expect(method).toBe('POST');
  expect(body.toString()).toBe(
    '{"id":"evt_1","type":"purchase.delivered","createdAt":"2026-01-15T09:30:00.000Z",' +
      '"webhookId":"0195d2a0-0000-7000-8000-000000000002",' +
      '"data":{"status":"closed","purchaseId":"p-1","price":1.00}}',
  );
});

it('is the same for every attempt but its signature', () => {
  const later = {
    ...context,
    attemptId: '0195d2a0-0000-7000-8000-000000000009',
    sentAt: new Date('2026-01-15T10:00:00Z'),
  };
  const [first, second] = [profiles.iceye.request(context), profiles.iceye.request(later)];
  expect(second.body).toEqual(first.body);
  expect(second.headers['webhook-id']).toBe('evt_1');
  expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
});

it('has two event types, of which a webhook gets both', () => {
  expect(profiles.iceye.eventTypes.map(({ name }) => name)).toEqual(['purchase.delivered', 'purchase.failed']);
  for (const type of profiles.iceye.eventTypes) {
    expect(findEventType(type.name)).toBe(type);
    expect(type.schema).toMatchObject({ required: ['purchaseId', 'status'] });
  }
});

it('allows a query string in a target, and three seconds', () => {
  expect(profiles.iceye).toMatchObject({ allowQuery: true, maxTimeoutMs: 3_000, maxRetriesLimit: 10 });
});
