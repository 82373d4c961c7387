import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
beforeAll(async () => {
  api = await startTestApi({ env: { MAX_WEBHOOKS_PER_TENANT: '2' } });
  client = await api.newClient();
});
afterAll(() => api.close());

const everhook = { targetUrl: 'https://example.com/', events: ['everhook.test'] };

it('two who create the last webhook allowed at once: one gets it', async () => {
  const create = () => api.call('POST', '/api/v1/webhooks', { token: client.token, body: everhook });
  expect((await create()).status).toBe(201);
  const statuses = (await Promise.all([create(), create(), create()])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([201, 409, 409]);
});

const sentence = 'There are 2 webhooks already: remove one first.';

it.each<[string, object, number, object]>([
  ['/api/v1/webhooks', everhook, 409, { type: '/problems/conflict', detail: sentence }],
  [
    '/v1/webhooks',
    { url: 'https://example.com/', events: ['OpenIdCredentialIssued'] },
    409,
    { code: 'Conflict', message: sentence, details: [] },
  ],
  [
    '/api/notifications/v1/webhooks',
    { targetURL: 'https://example.com/' },
    409,
    { type: '/problems/conflict', detail: sentence },
  ],
  [
    '/api/smart-keys/interceptors',
    { endpoint: 'https://example.com/', type: 'DATA' },
    409,
    { error: 'conflict', message: sentence },
  ],
  [
    '/portal-api/webhooks',
    { Name: 'x', URL: 'https://example.com/', Timeout: 5, Events: ['UserRegistered'] },
    422,
    { errors: [sentence] },
  ],
])('%s says in its own words that there are enough', async (path, body, status, expected) => {
  const answer = await api.call('POST', path, { token: client.token, body });
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject(expected);
  const { data } = await api.dependencies.webhooks.list(client.tenantId, { limit: 50 });
  expect(data).toHaveLength(2);
});

it('another tenant has room of its own', async () => {
  const { token } = await api.newClient();
  expect((await api.call('POST', '/api/v1/webhooks', { token, body: everhook })).status).toBe(201);
});
