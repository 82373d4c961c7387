import { Secret } from '../../src/domain/secret';
import { hashPassword } from '../../src/platform/passwords';
import type { AuditRow } from '../../src/store/audit';
import { createCredentialWorkStore } from '../../src/store/credential-work';
import { startTestApi, type CallOptions, type TestApi, type TestClient } from '../support/api';
import type { OpenApiDocument } from '../support/openapi-conformance';
import { newConsent } from './consents';

const canary = 'canary-value-7391';
const basic = `Basic ${Buffer.from(`portal:${canary}`).toString('base64')}`;
const target = `https://${canary}.example.com/`;

let api: TestApi;
let client: TestClient;
let document: OpenApiDocument;
beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
  document = (await api.call('GET', '/openapi.json')).json as OpenApiDocument;
  await api.dependencies.portals.configure({
    tenantId: client.tenantId,
    username: 'portal',
    passwordHash: await hashPassword(new Secret(canary)),
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
  });
});
afterAll(() => api.close());

/** Operations that are not in the audit log, and why. */
const notAudited: Record<string, string> = {
  issueToken: 'changes nothing',
  issueCelcoinToken: 'changes nothing',
  publishEvent: 'events are a record of themselves, thousands a second',
  publishEvents: 'the same',
};

/** Their entries name a session, which begins with one of them: console.test.ts looks at both. */
const ofSessions = ['signInAtConsole', 'signOutAtConsole'];

/** A call of each operation that changes something, in an order in which each can succeed, and the action it leaves. */
function changes(): [operation: string, action: string, call: () => Promise<[string, CallOptions?]>][] {
  const known: Record<string, string> = {};
  const idOf = async (path: string, body: object, key = 'id') => {
    const { json, status, text } = await api.call('POST', path, { token: client.token, body });
    if (status >= 300) throw new Error(text);
    return String((json as Record<string, unknown>)[key]);
  };
  const everhook = { targetUrl: target, events: ['everhook.test'] };
  const sovrin = { url: target, events: ['OpenIdCredentialIssued'] };
  const tyk = { Name: canary, URL: target, Timeout: 5, Events: ['UserRegistered'] };
  const header = { Name: 'X-Api-Key', Value: canary };
  const newWebhook = () => idOf('/api/v1/webhooks', everhook);
  const newIceye = () => idOf('/api/notifications/v1/webhooks', { targetURL: target });
  const newTyk = () => idOf('/portal-api/webhooks', tyk, 'ID');
  const newTykHeader = async () => {
    known.tyk = await newTyk();
    return idOf(`/portal-api/webhooks/${known.tyk}/headers`, header, 'ID');
  };
  const newDelivery = async () => {
    await newWebhook();
    const published = await api.call('POST', '/api/v1/events', {
      token: client.token,
      body: { type: 'everhook.test', payload: {} },
    });
    return (published.json as { deliveries: { id: string }[] }).deliveries[0]?.id ?? '';
  };
  const newConsentId = () => idOf('/api/v1/consents', newConsent, 'consentId');
  const portal = (body: object): CallOptions => ({ body, headers: { authorization: basic } });
  const app = { appName: canary, appSlug: 'audited', developer: 'dev@example.com' };

  return [
    ['createWebhook', 'webhook.create', async () => ['/api/v1/webhooks', { body: everhook }]],
    [
      'changeWebhook',
      'webhook.update',
      async () => [`/api/v1/webhooks/${await newWebhook()}`, { body: { headers: { 'X-Api-Key': canary } } }],
    ],
    ['deleteWebhook', 'webhook.delete', async () => [`/api/v1/webhooks/${await newWebhook()}`]],
    [
      'rotateWebhookSecret',
      'webhook.rotate_secret',
      async () => [`/api/v1/webhooks/${await newWebhook()}/secret/rotate`],
    ],
    ['testWebhook', 'webhook.test', async () => [`/api/v1/webhooks/${await newWebhook()}/test`]],
    [
      'recoverWebhook',
      'webhook.recover',
      async () => [`/api/v1/webhooks/${await newWebhook()}/recover`, { body: { since: '2026-01-01T00:00:00Z' } }],
    ],
    ['retryDelivery', 'delivery.retry', async () => [`/api/v1/deliveries/${await newDelivery()}/retry`]],
    ['cancelDelivery', 'delivery.cancel', async () => [`/api/v1/deliveries/${await newDelivery()}/cancel`]],
    [
      'putEventType',
      'event_type.put',
      async () => ['/api/v1/event-types/audited.one', { body: { description: canary } }],
    ],
    ['deleteEventType', 'event_type.delete', async () => ['/api/v1/event-types/audited.one']],
    ['createConsent', 'consent.create', async () => ['/api/v1/consents', { body: newConsent }]],
    ...(['approve', 'reject', 'revoke'] as const).map((action): ReturnType<typeof changes>[number] => [
      `${action}Consent`,
      `consent.${action}`,
      async () => {
        known.consent = await newConsentId();
        if (action === 'approve') known.approved = known.consent;
        return [`/api/v1/consents/${known.consent}/${action}`, { body: { reason: canary } }];
      },
    ]),
    ['consumeConsent', 'consent.consume', async () => [`/api/v1/consents/${known.approved}/consume`]],
    ['createSovrinWebhook', 'webhook.create', async () => ['/v1/webhooks', { body: sovrin }]],
    [
      'replaceSovrinWebhook',
      'webhook.update',
      async () => [`/v1/webhooks/${await idOf('/v1/webhooks', sovrin)}`, { body: sovrin }],
    ],
    ['deleteSovrinWebhook', 'webhook.delete', async () => [`/v1/webhooks/${await idOf('/v1/webhooks', sovrin)}`]],
    [
      'registerIceyeWebhook',
      'webhook.create',
      async () => [
        '/api/notifications/v1/webhooks',
        { body: { targetURL: target, auth: { type: 'basic', username: canary, password: canary } } },
      ],
    ],
    [
      'deactivateIceyeWebhook',
      'webhook.update',
      async () => [`/api/notifications/v1/webhooks/${(known.iceye = await newIceye())}/deactivate`],
    ],
    ['activateIceyeWebhook', 'webhook.update', async () => [`/api/notifications/v1/webhooks/${known.iceye}/activate`]],
    ['deleteIceyeWebhook', 'webhook.delete', async () => [`/api/notifications/v1/webhooks/${known.iceye}`]],
    [
      'registerCelcoinInterceptor',
      'webhook.create',
      async () => ['/api/smart-keys/interceptors', { body: { endpoint: target, type: 'DATA' } }],
    ],
    [
      'deleteCelcoinInterceptor',
      'webhook.delete',
      async () => [
        `/api/smart-keys/interceptors/${await idOf('/api/smart-keys/interceptors', { endpoint: target, type: 'DATA' })}`,
      ],
    ],
    ['createTykWebhook', 'webhook.create', async () => ['/portal-api/webhooks', { body: tyk }]],
    ['replaceTykWebhook', 'webhook.update', async () => [`/portal-api/webhooks/${await newTyk()}`, { body: tyk }]],
    ['deleteTykWebhook', 'webhook.delete', async () => [`/portal-api/webhooks/${await newTyk()}`]],
    [
      'testTykConnection',
      'webhook.test_connection',
      async () => [`/portal-api/webhooks/${await newTyk()}/test-connection`],
    ],
    [
      'createTykHeader',
      'webhook.update',
      async () => [`/portal-api/webhooks/${await newTyk()}/headers`, { body: header }],
    ],
    [
      'replaceTykHeader',
      'webhook.update',
      async () => {
        const id = await newTykHeader();
        return [`/portal-api/webhooks/${known.tyk}/headers/${id}`, { body: header }];
      },
    ],
    [
      'deleteTykHeader',
      'webhook.update',
      async () => {
        const id = await newTykHeader();
        return [`/portal-api/webhooks/${known.tyk}/headers/${id}`];
      },
    ],
    [
      'createCredentials',
      'credential.create',
      async () => ['/v1/createCredentials', portal({ ...app, apis: [{ id: 'api1', usagePlans: [{ id: 'plan1' }] }] })],
    ],
    [
      'updateCredentials',
      'credential.update',
      async () => ['/v1/updateCredentials', portal({ appSlug: 'audited', appName: `${canary} 2` })],
    ],
    ['revokeCredentials', 'credential.revoke', async () => ['/v1/revokeCredentials', portal({ appSlug: 'audited' })]],
  ];
}

const entriesOf = (where: Partial<AuditRow>) => api.database('audit').where(where).select<AuditRow[]>('*');

describe('whatever changes something', () => {
  const methodOf = (operation: string) => {
    const found = Object.values(document.paths).flatMap((methods) => Object.entries(methods));
    return found.find(([, { operationId }]) => operationId === operation)?.[0].toUpperCase() ?? '';
  };

  it('is in this test, or there is a reason why it is not', () => {
    const operations = Object.values(document.paths).flatMap((methods) =>
      Object.entries(methods).flatMap(([method, { operationId }]) => (method === 'get' ? [] : [operationId])),
    );
    const here = [...changes().map(([operation]) => operation), ...Object.keys(notAudited), ...ofSessions];
    expect(operations.sort()).toEqual(here.sort());
  });

  it('leaves one entry that says who did what to which object, and no value', async () => {
    asOnAnAwsWhereAllSucceeds();
    for (const [operation, action, prepare] of changes()) {
      const [path, options = {}] = await prepare();
      const before = await entriesOf({ tenant_id: client.tenantId });
      const answer = await api.call(methodOf(operation), path, {
        ...(!options.headers?.authorization && { token: client.token }),
        ...options,
        headers: { ...options.headers, 'X-Request-Id': operation },
      });
      expect([operation, answer.status, answer.status < 300 ? '' : answer.text]).toEqual([
        operation,
        answer.status,
        '',
      ]);
      const added = (await entriesOf({ tenant_id: client.tenantId })).length - before.length;
      const [entry] = await entriesOf({ request_id: operation });
      expect([operation, added]).toEqual([operation, 1]);
      expect(entry).toMatchObject({
        tenant_id: client.tenantId,
        actor: options.headers?.authorization ? 'portal:portal' : `client:${client.clientId}`,
        action,
        object_type: action.split('.')[0],
        object_id: expect.stringMatching(/./) as string,
        address: '127.0.0.1',
        outcome: 'success',
        count: 1,
      });
    }
    expect(JSON.stringify(await entriesOf({}))).not.toContain(canary);
  });
});

function asOnAnAwsWhereAllSucceeds(): void {
  const work = createCredentialWorkStore({ ...api.dependencies, database: api.database });
  api.dependencies.credentialSecrets.read = async ({ awsId }) => ({
    credentialType: 'API_KEY',
    apiKeyId: awsId,
    apiKey: new Secret(canary),
  });
  api.credentialRuns.perform = async (operation) => {
    const opened = await work.open(operation);
    if (opened.todo === 'nothing') return opened.outcome;
    if (opened.todo === 'create') await work.rememberAwsId(operation, 'key1');
    const kinds = { create: 'provisioned', update: 'changed', remove: 'removed' } as const;
    const kind = kinds[opened.todo as keyof typeof kinds];
    if (kind) await work.record(operation, { kind });
    return { kind: 'succeeded' };
  };
}
