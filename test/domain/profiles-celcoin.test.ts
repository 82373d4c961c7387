import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { consentTypes } from '../../src/domain/consent/consent';
import { consentPayload, requestedPayload } from '../../src/domain/consent/event';
import { consentEvents, consentStatuses, createdState, stepsUntil } from '../../src/domain/consent/machine';
import { findEventType } from '../../src/domain/event-catalogue';
import { profiles, type AttemptContext } from '../../src/domain/profiles';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { wantsEvent } from '../../src/domain/subscription';

const context: AttemptContext = {
  attemptId: '0195d2a0-0000-7000-8000-000000000001',
  sentAt: new Date('2026-01-15T09:30:05.000Z'),
  webhook: {
    id: '0195d2a0-0000-7000-8000-000000000002',
    targetUrl: 'https://receiver.example/hook',
    settings: { type: 'DATA' },
    headers: {},
  },
  event: {
    id: 'evt_1',
    type: 'consent:approved',
    occurredAt: new Date('2026-01-15T09:30:00.000Z'),
    payloadJson: '{"type":"DATA","status":"AUTHORISED","consentId":"urn:x","amount":1.00}',
  },
  secrets: [newSigningSecret()],
  messageSigningKey: null,
};

it('a request has exactly the body of the contract, the payload character by character', () => {
  const { method, body } = profiles.celcoin.request(context);
  expect(method).toBe('POST');
  expect(body.toString()).toBe(
    '{"event":"consent:approved","data":{"type":"DATA","status":"AUTHORISED","consentId":"urn:x","amount":1.00}}',
  );
});

const webhook = (type: string, events = ['*']) => ({
  id: context.webhook.id,
  contract: 'celcoin' as const,
  events,
  channels: [],
  settings: { type },
  disabled: false,
});
const event = (payload: object, type = 'consent:approved') => ({
  type,
  payload: { ...payload },
  channel: null,
  webhookId: null,
});

it.each(consentTypes)('a registration for %s gets consents of that type only', (type) => {
  for (const other of consentTypes) {
    expect(wantsEvent(webhook(type), event({ type: other }))).toBe(other === type);
  }
  expect(wantsEvent(webhook(type), event({}))).toBe(false);
  expect(wantsEvent(webhook(type), event({ type: type.toLowerCase() }))).toBe(false);
});

it.each(consentTypes)('the sample of every event is one that a registration for %s wants', (type) => {
  for (const eventType of profiles.celcoin.eventTypes) {
    const payload = profiles.celcoin.sample?.(eventType.example, webhook(type).settings) ?? {};
    expect(payload).toEqual({ ...eventType.example, type });
    expect(wantsEvent(webhook(type), event(payload, eventType.name))).toBe(true);
  }
});

it('a registration gets the six consent events and no other, and fewer when told so', () => {
  const payload = { type: 'DATA' };
  for (const name of consentEvents) expect(wantsEvent(webhook('DATA'), event(payload, name))).toBe(true);
  for (const name of ['everhook.test', 'purchase.failed', 'consent:consumed']) {
    expect(wantsEvent(webhook('DATA'), event(payload, name))).toBe(false);
  }
  const fewer = webhook('DATA', ['consent:*']);
  expect(consentEvents.filter((name) => wantsEvent(fewer, event(payload, name)))).toEqual([
    'consent:approved',
    'consent:rejected',
    'consent:expired',
    'consent:revoke',
  ]);
});

describe('the catalogue', () => {
  it('has the six events by the names on the wire', () => {
    expect(profiles.celcoin.eventTypes.map(({ name }) => name)).toEqual([...consentEvents]);
    for (const type of profiles.celcoin.eventTypes) expect(findEventType(type.name)).toBe(type);
  });

  const ajv = new Ajv2020({ strict: true });
  addFormats(ajv);
  const validate = ajv.compile(profiles.celcoin.eventTypes[0]?.schema ?? false);
  const subject = { id: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f', type: 'PAYMENT', createdAt: new Date() } as const;

  it('takes what a consent tells of itself, whatever happens to it', () => {
    expect(validate(requestedPayload(subject))).toBe(true);
    const durations = { decisionMs: 1_000, consumptionMs: 2_000 };
    const created = createdState(subject.createdAt, durations);
    const at = (ms: number) => new Date(subject.createdAt.getTime() + ms);
    const lives = [
      stepsUntil(at(9_000), created, durations, []),
      stepsUntil(at(9_000), created, durations, [{ action: 'approve', acceptedAt: at(1) }]),
      stepsUntil(at(9_000), created, durations, [
        { action: 'reject', acceptedAt: at(1) },
        { action: 'consume', acceptedAt: at(2) },
        { action: 'revoke', acceptedAt: at(3) },
      ]),
    ];
    const states = [created, ...lives.flat().map(({ to }) => to)];
    expect(new Set(states.map(({ status }) => status))).toEqual(new Set(consentStatuses));
    for (const state of states) {
      expect([state.status, validate(consentPayload(subject, state)), validate.errors]).toEqual([
        state.status,
        true,
        null,
      ]);
    }
  });

  it('has examples that are all of one consent, each with the status after its event', () => {
    const examples = profiles.celcoin.eventTypes.map(({ example }) => example);
    expect(new Set(examples.map(({ consentId }) => consentId)).size).toBe(1);
    expect(examples.map(({ status }) => status)).toEqual([
      'REQUESTED',
      'AWAITING_AUTHORISATION',
      'AUTHORISED',
      'REJECTED',
      'EXPIRED',
      'REVOKED',
    ]);
    expect(examples.filter((example) => 'expiredAt' in example)).toEqual([
      expect.objectContaining({ status: 'EXPIRED' }),
    ]);
  });
});
