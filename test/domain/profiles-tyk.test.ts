import { createHmac } from 'node:crypto';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { findEventType } from '../../src/domain/event-catalogue';
import { tykEventTypes } from '../../src/domain/event-types/tyk';
import { profiles, type AttemptContext } from '../../src/domain/profiles';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { newTykSettings, numberHeaders, tykSettings } from '../../src/domain/tyk-settings';

const current = newSigningSecret();
const before = newSigningSecret();

const context = (settings: object = {}, event: Partial<AttemptContext['event']> = {}): AttemptContext => ({
  attemptId: '0195d2a0-0000-7000-8000-000000000001',
  sentAt: new Date(),
  webhook: {
    id: '0195d2a0-0000-7000-8000-000000000002',
    targetUrl: 'https://receiver.example/hook',
    settings: { ...newTykSettings, ...settings },
    headers: { 'x-signature-sha256': 'forged', 'x-team': 'billing' },
  },
  event: {
    id: 'evt_1',
    type: 'UserRegistered',
    occurredAt: new Date('2026-01-15T09:30:00.120Z'),
    payloadJson: '{"ID":29}',
    ...event,
  },
  secrets: [current, before],
  messageSigningKey: null,
});

/** As a receiver computes it that knows the text of the secret and nothing of its form. */
const hmac = (body: Buffer, secret = current) => createHmac('sha256', secret.reveal()).update(body).digest('hex');

describe("tyk's request", () => {
  it('has exactly Event, Message and Timestamp', () => {
    const { body } = profiles.tyk.request(context());
    expect(body.toString()).toBe(
      '{"Event":"UserRegistered","Message":{"ID":29},"Timestamp":"2026-01-15T09:30:00.120Z"}',
    );
  });

  it('carries the HMAC of its body under the text of the current secret, whatever a custom header says', () => {
    const { body, headers } = profiles.tyk.request(context());
    expect(headers['x-signature-sha256']).toBe(hmac(body));
    expect(headers['x-signature-sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(headers['x-team']).toBe('billing');
  });

  it('is also signed by Standard Webhooks with both secrets of a rotation', () => {
    const { body, headers } = profiles.tyk.request(context());
    for (const secret of [current, before]) {
      expect(() => new StandardWebhook(secret.reveal()).verify(body, headers)).not.toThrow();
    }
  });

  it('signs byte for byte what it sends, for any JSON payload', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (payload) => {
        const payloadJson = JSON.stringify(payload);
        const { body, headers } = profiles.tyk.request(context({}, { payloadJson }));
        expect(headers['x-signature-sha256']).toBe(hmac(body));
        expect(body.includes(`"Message":${payloadJson},"Timestamp"`)).toBe(true);
      }),
    );
  });

  it.each(['POST', 'PUT', 'PATCH'] as const)('goes out as %s when its webhook says so', (method) => {
    expect(profiles.tyk.request(context({ method })).method).toBe(method);
  });

  it.each([
    ['Organization', 'OrganizationRequestApproved', 'OrganizationRequestApproved'],
    ['Organisation', 'OrganizationRequestApproved', 'OrganisationRequestApproved'],
    ['Organisation', 'AccessRequestApproved', 'AccessRequestApproved'],
  ])('spelled %s names %s as %s', (spelling, type, sent) => {
    const { body } = profiles.tyk.request(context({ spelling }, { type }));
    expect((JSON.parse(body.toString()) as { Event: string }).Event).toBe(sent);
  });

  it('may take up to a minute, and up to ten retries', () => {
    expect(profiles.tyk).toMatchObject({ maxTimeoutMs: 60_000, defaultTimeoutMs: 3_000, maxRetriesLimit: 10 });
  });
});

describe("tyk's events", () => {
  it('are the fourteen of its guide', () => {
    expect(tykEventTypes.map(({ name }) => name)).toEqual([
      'RegisterInvite',
      'UserRegistered',
      'UserAccountActivated',
      'UserAccountDeactivated',
      'PasswordReset',
      'ApplicationRegistered',
      'CredentialRegistered',
      'AccessRequestCreated',
      'AccessRequestApproved',
      'AccessRequestRejected',
      'OrganizationRegistered',
      'OrganizationRequestCreated',
      'OrganizationRequestApproved',
      'OrganizationRequestRejected',
    ]);
  });

  it('have the keys that are documented, no more and no fewer', () => {
    const keysOf = (name: string) => Object.keys(findEventType(name)?.example ?? {}).sort();
    const user = ['CreatedAt', 'CustomAttributes', 'Email', 'First', 'ID', 'Last', 'OrgID', 'Provider', 'Status'];
    const byUser = [...user, 'ByUser'].sort();
    const accessRequest = ['AppID', 'ByUser', 'CreatedAt', 'ID', 'PlanID', 'ProductIDs', 'Status'];
    const request = ['AdminEmail', 'AdminID', 'ByUser', 'CreatedAt', 'Name', 'Status', 'TeamIDs'];
    expect(Object.fromEntries(tykEventTypes.slice(1).map(({ name }) => [name, keysOf(name)]))).toEqual({
      UserRegistered: byUser,
      UserAccountActivated: byUser,
      UserAccountDeactivated: byUser,
      PasswordReset: user,
      ApplicationRegistered: ['CreatedAt', 'ID', 'Name', 'UserID'],
      CredentialRegistered: ['AccessRequestID', 'AppID', 'ByUser', 'CreatedAt', 'ID'],
      AccessRequestCreated: accessRequest,
      AccessRequestApproved: accessRequest,
      AccessRequestRejected: accessRequest,
      OrganizationRegistered: ['CreatedAt', 'ID', 'Name'],
      OrganizationRequestCreated: request,
      OrganizationRequestApproved: user,
      OrganizationRequestRejected: request,
    });
    for (const { name, schema } of tykEventTypes.slice(1)) {
      expect([name, [...(schema.required as string[])].sort()]).toEqual([name, keysOf(name)]);
    }
  });

  it.each(tykEventTypes.slice(1).map((type) => [type.name, type] as const))(
    '%s is refused without any of its keys, and with another type of value',
    (_name, { schema, example }) => {
      const ajv = new Ajv2020({ strict: true });
      addFormats(ajv);
      const valid = ajv.compile(schema);
      for (const key of Object.keys(example)) {
        const rest = Object.entries(example).filter(([name]) => name !== key);
        expect([key, valid(Object.fromEntries(rest))]).toEqual([key, false]);
        expect([key, valid({ ...example, [key]: typeof example[key] === 'string' ? 7 : 'text' })]).toEqual([
          key,
          false,
        ]);
      }
    },
  );

  it("take what Tyk's samples have: the zero time, nine fractional digits, an approval at once, no products", () => {
    const ajv = new Ajv2020({ strict: true });
    addFormats(ajv);
    const valid = (name: string, changes: object) => {
      const { schema = {}, example } = findEventType(name) ?? {};
      return ajv.validate(schema, { ...example, ...changes });
    };
    expect(valid('AccessRequestCreated', { ID: 0, Status: 'approved', CreatedAt: '0001-01-01T00:00:00Z' })).toBe(true);
    expect(valid('AccessRequestRejected', { ProductIDs: [] })).toBe(true);
    expect(valid('PasswordReset', { CreatedAt: '2024-04-24T15:26:04.312618088+02:00', CustomAttributes: [] })).toBe(
      true,
    );
    expect(valid('RegisterInvite', { Anything: [1, 'goes'] })).toBe(true);
    expect(valid('UserRegistered', { CreatedAt: 'yesterday' })).toBe(false);
  });

  it('of organizations are known by both spellings', () => {
    const organizations = tykEventTypes.filter(({ name }) => name.startsWith('Organization'));
    expect(organizations).toHaveLength(4);
    for (const type of organizations) {
      expect(findEventType(type.name.replace('z', 's'))).toBe(type);
    }
  });
});

describe('ids of custom headers', () => {
  const ids = (settings: object, names: string[]) =>
    numberHeaders(tykSettings({ settings: { ...settings } }), names).headerIds;

  it('count up from 1, in the order of the headers', () => {
    expect(ids({}, ['X-B', 'x-a'])).toEqual({ 'x-b': 1, 'x-a': 2 });
  });

  it('stay with their names, are forgotten with them, and are never given again', () => {
    const two = numberHeaders(newTykSettings, ['A', 'B']);
    const one = numberHeaders(two, ['B']);
    expect(one.headerIds).toEqual({ b: 2 });
    expect(numberHeaders(one, ['a', 'b']).headerIds).toEqual({ a: 3, b: 2 });
  });
});
