import fc from 'fast-check';
import { anyText, near } from '../parsers/texts';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
let webhookId: string;

beforeAll(async () => {
  api = await startTestApi({ env: { RATE_LIMIT_AUTH_FAILURES: '1000000/s' } });
  client = await api.newClient();
  const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
  const answer = await api.call('POST', '/api/v1/webhooks', { token: client.token, body });
  webhookId = (answer.json as { id: string }).id;
  const tyk = { URL: 'https://example.com', Events: ['UserRegistered'] };
  await api.call('POST', '/portal-api/webhooks', { token: client.token, body: tyk });
});
afterAll(() => api.close());

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\ud800', '%00', 'https://example.com', 'everhook.test', '2026-01-01T00:00:00Z'),
  fc.constantFrom(
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    'noauth',
    'basic',
    'BASIC',
    'DATA',
    'UserRegistered',
    'PATCH',
    '[redacted]',
  ),
);
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.double(),
    fc.constantFrom<unknown>(null, true, false, -1, 0, 3, 1e308, 9007199254740993, {}, []),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(text, keys()), tie('value'), { maxKeys: 3 }),
  ),
})).value;

function keys() {
  return fc.constantFrom(
    ...['targetUrl', 'url', 'events', 'disabled', 'auth', 'type', 'username', 'password', 'headers', 'timeoutMs'],
    ...['maxRetries', 'description', 'id', 'payload', 'occurredAt', 'webhookId', 'since', 'until', 'dryRun'],
    ...['targetURL', 'endpoint', 'isAuthenticated', 'authenticationType', 'user', 'client_id', 'client_secret'],
    ...['Name', 'URL', 'Method', 'Timeout', 'Headers', 'Events', 'Value', 'ID', 'CreatedAt'],
    ...['loggedUser', 'document', 'identification', 'rel', 'permissions', 'expirationDateTime', 'reason'],
    ...['graceSeconds', '__proto__', 'constructor', 'toString'],
  );
}
const body = fc.dictionary(keys(), value, { maxKeys: 8 });

const ok = (answer: { status: number }) => expect(answer.status).toBeLessThan(500);
const runs = { numRuns: 60 };

describe('nothing that is sent makes a 500', () => {
  it.each([
    ['POST', '/api/v1/webhooks'],
    ['PATCH', '/api/v1/webhooks/ID'],
    ['POST', '/api/v1/webhooks/ID/recover'],
    ['POST', '/api/v1/webhooks/ID/secret/rotate'],
    ['POST', '/api/v1/events'],
    ['PUT', '/api/v1/event-types/own.type'],
    ['POST', '/api/v1/consents'],
    ['POST', '/api/v1/consents/urn:everhook:ID/approve'],
    ['POST', '/v1/webhooks'],
    ['PUT', '/v1/webhooks/ID'],
    ['POST', '/api/notifications/v1/webhooks'],
    ['POST', '/api/smart-keys/interceptors'],
    ['POST', '/api/portal/onboard/v1/token'],
    ['POST', '/portal-api/webhooks'],
    ['PUT', '/portal-api/webhooks/1'],
    ['POST', '/portal-api/webhooks/1/headers'],
  ])('a body to %s %s', async (method, path) => {
    const { token } = client;
    await fc.assert(
      fc.asyncProperty(body, async (sent) =>
        ok(await api.call(method, path.replace('ID', webhookId), { token, body: sent })),
      ),
      runs,
    );
  });

  it('an event with a good head and any payload', async () => {
    const { token } = client;
    await fc.assert(
      fc.asyncProperty(body, async (payload) =>
        ok(await api.call('POST', '/api/v1/events', { token, body: { type: 'everhook.test', payload } })),
      ),
      runs,
    );
  });

  it('a consent with a good type and anything else', async () => {
    const { token } = client;
    await fc.assert(
      fc.asyncProperty(body, async (rest) =>
        ok(await api.call('POST', '/api/v1/consents', { token, body: { ...rest, type: 'DATA' } })),
      ),
      runs,
    );
  });

  const credentials = fc.oneof(
    anyText,
    near(
      fc.constantFrom('Bearer abc.def.ghi', 'abc.def.ghi', 'Basic cG9ydGFsOnB3', 'Basic Og==', 'Digest username="x"'),
    ),
  );
  it.each([
    ['GET', '/api/v1/webhooks'],
    ['GET', '/portal-api/webhooks'],
    ['GET', '/v1/health'],
    ['POST', '/oauth2/token'],
  ])('an Authorization header to %s %s, and none of them opens anything', async (method, path) => {
    const headerText = credentials.filter((text) => /^[\t\x20-\x7e\x80-\xff]{1,8000}$/.test(text));
    const form = method === 'POST' && { body: 'grant_type=client_credentials' };
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await fc.assert(
      fc.asyncProperty(headerText, async (Authorization) => {
        const answer = await api.call(method, path, { ...form, headers: { ...(form && type), Authorization } });
        expect([400, 401]).toContain(answer.status);
      }),
      runs,
    );
  });

  const parameter = fc.constantFrom(
    'limit',
    'cursor',
    'page',
    'per_page',
    'after',
    'before',
    'type',
    'status',
    'eventId',
    'webhookId',
    'x',
  );
  const query = fc
    .array(fc.tuple(parameter, text), { maxLength: 3 })
    .map((pairs) => new URLSearchParams(pairs).toString());
  it.each([
    '/api/v1/webhooks',
    '/api/v1/events',
    '/api/v1/deliveries',
    '/api/v1/consents',
    '/api/v1/audit',
    '/v1/webhooks',
    '/api/notifications/v1/webhooks',
    '/api/smart-keys/interceptors',
    '/portal-api/webhooks',
    '/portal-api/webhooks/1/headers',
    '/api/v1/event-types',
  ])('a query to %s', async (path) => {
    const { token } = client;
    await fc.assert(
      fc.asyncProperty(query, async (sent) => ok(await api.call('GET', `${path}?${sent}`, { token }))),
      runs,
    );
  });

  it.each([
    '/api/v1/webhooks/',
    '/api/v1/events/',
    '/api/v1/event-types/',
    '/api/v1/deliveries/',
    '/api/v1/consents/',
    '/v1/webhooks/',
    '/api/notifications/v1/webhooks/',
    '/portal-api/webhooks/',
    '/portal-api/webhooks/1/headers/',
    '/docs/',
  ])('a path under %s', async (path) => {
    const { token } = client;
    const part = fc.oneof(
      fc.string().map(encodeURIComponent),
      fc.constantFrom('%', '%zz', '%ff', '%C0%80', '..', '%2e%2e'),
    );
    await fc.assert(
      fc.asyncProperty(part, async (sent) => ok(await api.call('GET', path + sent, { token }))),
      runs,
    );
  });
});
