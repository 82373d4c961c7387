import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020';
import { eventCatalogue } from '../../src/domain/event-catalogue';
import { hashClientSecret, newClientSecret } from '../../src/platform/tokens';
import { startTestApi, type TestApi, type TestClient } from '../support/api';
import type { OpenApiDocument } from '../support/openapi-conformance';
import { basic, carryOut, configurePortal, credentialSecrets, wanted } from './portal';

let api: TestApi;
let client: TestClient;
let document: OpenApiDocument & {
  components: { schemas: Record<string, { example?: unknown }>; securitySchemes: { oauth2: object } };
};

beforeAll(async () => {
  api = await startTestApi({ overrides: { credentialSecrets } });
  client = await api.newClient();
  document = (await api.call('GET', '/openapi.json')).json as typeof document;
  await api.dependencies.messageSigningKeys.ensureOne();
});
afterAll(() => api.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

it('is OpenAPI 3.1 whose every reference leads somewhere', () => {
  expect(document.openapi).toBe('3.1.0');
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(20);
  for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name ?? '');
});

it('names every operation once, with the scopes it takes and the errors of its path', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of operations()) {
    const { security } = operation;
    const isPublic = /^\/(livez|readyz|docs|openapi\.json|oauth2|console|v1\/webhooks\/jwks|api\/portal)/.test(path);
    const isPortals = /^\/v1\/(\w+Credentials|health)$/.test(path);
    expect([path, security.some((one) => 'portalBasic' in one)]).toEqual([path, isPortals]);
    expect([path, security.some(({ oauth2 }) => oauth2 !== undefined)]).toEqual([path, !isPublic && !isPortals]);
    const error = operation.responses['500']?.content ?? {};
    expect(Object.keys(error)).toEqual([
      /^\/(v1|oauth2|api\/portal|api\/smart-keys|portal-api)\//.test(path)
        ? 'application/json'
        : 'application/problem+json',
    ]);
  }
});

it('shows every built-in event as its contract sends it, with an example that fits', () => {
  const { webhooks } = document as unknown as {
    webhooks: Record<string, { post: { requestBody: { content: { 'application/json': Sent } } } }>;
  };
  type Sent = { schema: { required: string[] }; example: Record<string, unknown> };
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  expect(Object.keys(webhooks).sort()).toEqual(eventCatalogue.map(({ name }) => name).sort());
  for (const { name, contract, example: payload } of eventCatalogue) {
    const sent = webhooks[name]?.post.requestBody.content['application/json'];
    if (!sent) throw new Error(`${name} has no body`);
    expect([name, ajv.validate(sent.schema, sent.example), ajv.errors]).toEqual([name, true, null]);
    const whole = { sovrin: 'event', tyk: 'Message' }[contract as string] ?? 'data';
    const inside = sent.example[whole];
    expect(contract === 'sovrin' ? (inside as { payload: unknown }).payload : inside).toEqual(payload);
    // Whatever the envelope, a body without its payload does not fit.
    expect(ajv.validate(sent.schema, { ...sent.example, [whole]: undefined })).toBe(false);
  }
});

it('describes parameters and bodies as they are sent', () => {
  const parameters = document.paths['/api/v1/deliveries']?.get?.parameters ?? [];
  expect(parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['limit', 'cursor', 'after', 'before', 'status', 'webhookId', 'eventId', 'eventType']),
  );
  expect(parameters.find(({ name }) => name === 'limit')?.schema).toEqual({
    type: 'integer',
    minimum: 1,
    maximum: 250,
    default: 50,
  });
  expect(document.components.schemas.NewEvent).toMatchObject({
    type: 'object',
    required: ['type', 'payload'],
    additionalProperties: false,
    properties: { payload: { type: 'object' }, occurredAt: { type: 'string', format: 'date-time' } },
  });
  expect(document.components.schemas.NewWebhook).toMatchObject({ required: ['targetUrl', 'events'] });
  expect(JSON.stringify(document.components.schemas.WebhookAuth)).toMatch(/"writeOnly":true/);
});

it('has examples that fit their schemas', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'openapi.json');
  const withExample = Object.entries(document.components.schemas).filter(([, schema]) => 'example' in schema);
  expect(withExample.length).toBeGreaterThan(8);
  for (const [name, schema] of withExample) {
    ajv.validate({ $ref: `openapi.json#/components/schemas/${name}` }, schema.example);
    expect([name, ajv.errors]).toEqual([name, null]);
  }
});

it('fits what every operation answers', async () => {
  const { token } = client;
  const call = async (method: string, path: string, body?: unknown) =>
    (await api.call(method, path, { token, ...(body !== undefined && { body }) })).json as {
      id: string;
      deliveries: { id: string }[];
    };
  const auth = { type: 'basic', username: 'u', password: 'p' };
  const everhook = await call('POST', '/api/v1/webhooks', {
    targetUrl: 'https://example.com',
    events: ['everhook.test'],
    auth,
    headers: { 'X-Key': 'k', A: 'a' },
  });
  const webhook = `/api/v1/webhooks/${everhook.id}`;
  const sovrin = await call('POST', '/v1/webhooks', { url: 'https://example.com', events: ['OpenIdCredentialIssued'] });
  const published = await call('POST', '/api/v1/events', { id: 'e', type: 'everhook.test', payload: { a: 1 } });
  const delivery = `/api/v1/deliveries/${published.deliveries[0]?.id}`;
  const [first] = published.deliveries;
  await api.dependencies.deliveries.recordAttempt(
    { tenantId: client.tenantId, deliveryId: first?.id ?? '' },
    {
      number: 1,
      startedAt: new Date().toISOString(),
      durationMs: 5,
      statusCode: 500,
      errorClass: 'http_status',
      responseBody: 'x',
      responseHeaders: { server: 'nginx' },
    },
    { status: 'pending', dueAt: new Date() },
  );
  await call('GET', `${delivery}/request?attempt=1`);
  await call('POST', '/api/v1/events/batch', {
    events: [
      { type: 'nope', payload: {} },
      { type: 'everhook.test', payload: {} },
    ],
  });
  for (const path of ['', 's/e', '-types', 's', 's?limit=1'].map((rest) => `/api/v1/event${rest}`))
    await call('GET', path);
  const ownType = { description: 'Mine.', schema: { required: ['a'] }, example: { a: 1 } };
  for (const description of ['Mine.', 'Still mine.']) {
    await call('PUT', '/api/v1/event-types/own.type', { ...ownType, description });
  }
  for (const name of ['', '/own.type', '/everhook.test']) await call('GET', `/api/v1/event-types${name}?`);
  await call('DELETE', '/api/v1/event-types/own.type');
  await call('GET', '/api/v1/webhooks');
  await call('GET', webhook);
  await call('PATCH', webhook, { maxRetries: 5 });
  await call('GET', delivery);
  await call('GET', '/api/v1/deliveries');
  await call('POST', `${delivery}/retry`);
  await call('POST', `${delivery}/cancel`);
  await call('POST', `${webhook}/test`);
  await call('POST', `${webhook}/recover`, { since: '2026-01-01T00:00:00Z' });
  await call('POST', `${webhook}/secret/rotate`);
  await call('GET', `${webhook}/stats`);
  await call('GET', '/v1/webhooks?limit=1');
  await call('GET', '/v1/webhooks/jwks');
  await call('GET', `/v1/webhooks/${sovrin.id}`);
  await call('PUT', `/v1/webhooks/${sovrin.id}`, { url: 'https://example.com', events: ['OpenIdCredentialIssued'] });
  await call('DELETE', `/v1/webhooks/${sovrin.id}`);
  await call('DELETE', webhook);
  const iceye = await call('POST', '/api/notifications/v1/webhooks', { targetURL: 'https://example.com', auth });
  const notifications = `/api/notifications/v1/webhooks/${iceye.id}`;
  await call('GET', '/api/notifications/v1/webhooks');
  await call('GET', notifications);
  await call('POST', `${notifications}/deactivate`);
  await call('POST', `${notifications}/activate`);
  await call('DELETE', notifications);
  const interceptors = '/api/smart-keys/interceptors';
  const interceptor = await call('POST', interceptors, { endpoint: 'https://example.com', type: 'DATA' });
  await call('GET', interceptors);
  await call('DELETE', `${interceptors}/${interceptor.id}`);
  const consent = {
    type: 'DATA',
    loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
    permissions: ['ACCOUNTS_READ'],
  };
  const consents: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const { headers } = await api.call('POST', '/api/v1/consents', { token: client.token, body: consent });
    consents.push(headers.get('location') ?? '');
  }
  await call('GET', '/api/v1/consents');
  for (const action of ['approve', 'consume', 'revoke']) await call('POST', `${consents[0]}/${action}`);
  await call('POST', `${consents[1]}/reject`);
  await call('GET', consents[1] ?? '');
  await call('GET', `${consents[1]}/history`);
  await call('GET', '/api/v1/stats/webhooks');
  await configurePortal(api.dependencies.portals, { tenantId: client.tenantId, username: 'portal' });
  carryOut(api);
  const headers = { authorization: basic() };
  const asPortal = async (name: string, body: object) =>
    (await api.call('POST', `/v1/${name}Credentials`, { headers, body })).json as { apiKeyId: string };
  const { apiKeyId } = await asPortal('create', wanted('app'));
  const credentials = await api.call('GET', '/api/v1/credentials', { token: client.token });
  const [credential] = (credentials.json as { data: { id: string }[] }).data;
  await call('GET', `/api/v1/credentials/${credential?.id}`);
  await asPortal('update', { apiKeyId, appName: 'renamed' });
  await asPortal('revoke', { apiKeyId });
  await api.call('GET', '/v1/health', { headers });
  const portal = '/portal-api/webhooks';
  const tyk = { URL: 'https://example.com', Events: ['UserRegistered'] };
  await call('POST', portal, tyk);
  await call('GET', portal);
  await call('GET', `${portal}/1`);
  await call('PUT', `${portal}/1`, tyk);
  await call('POST', `${portal}/1/headers`, { Name: 'X-A', Value: 'a' });
  await call('GET', `${portal}/1/headers`);
  await call('GET', `${portal}/1/headers/1`);
  await call('PUT', `${portal}/1/headers/1`, { Name: 'X-A', Value: 'b' });
  await call('DELETE', `${portal}/1/headers/1`);
  await call('POST', `${portal}/1/test-connection`);
  await call('DELETE', `${portal}/1`);
  await call('POST', '/api/portal/onboard/v1/token', {
    client_id: client.clientId,
    client_secret: client.clientSecret,
  });
  await call('GET', '/api/v1/audit');
  for (const name of ['deliveries', 'failing']) await call('GET', `/api/v1/stats/${name}`);
  const link = newClientSecret();
  await api.dependencies.consoleSessions.createLink(
    { tenantId: null, scopes: ['webhooks:read'], codeDigest: hashClientSecret(link), lifetimeMs: 60_000 },
    { actor: 'cli', address: null, requestId: null },
  );
  const asOperator = { 'X-Everhook-Console': '1', Cookie: '' };
  const session = await api.call('POST', '/console/session', { body: { link: link.reveal() }, headers: asOperator });
  asOperator.Cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  for (const path of ['/console/tenants', '/console/session']) await api.call('GET', path, { headers: asOperator });
  await api.call('DELETE', '/console/session', { headers: asOperator });
  for (const path of ['/livez', '/readyz', '/docs', '/openapi.json']) await call('GET', path);
  await api.call('POST', '/oauth2/token', {
    body: `grant_type=client_credentials&client_id=${client.clientId}&client_secret=${client.clientSecret}`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });

  // Each call was checked against the document; this is that no operation was left out.
  const answered = new Set([...api.seen].filter((seen) => / 2\d\d$/.test(seen)).map((seen) => seen.split(' ')[0]));
  expect([...answered].sort()).toEqual(
    operations()
      .map(({ operation }) => operation.operationId)
      .sort(),
  );
});

describe('/docs', () => {
  it('loads nothing from elsewhere and runs no inline script', async () => {
    const page = await api.call('GET', '/docs');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src 'none'; script-src 'self';/);
    expect(page.text).not.toMatch(/<script>|https?:| on\w+=/);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files).toHaveLength(4);
    for (const file of files) expect([file, (await api.call('GET', file)).status]).toEqual([file, 200]);
  });

  it.each(['/docs/package.json', '/docs/..%2Fpackage.json', '/docs/index.html'])('has no %s', async (path) => {
    expect((await api.call('GET', path)).status).toBe(404);
  });
});
