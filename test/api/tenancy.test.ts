import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let owner: TestClient;
let stranger: TestClient;
let ids: {
  everhook: string;
  sovrin: string;
  iceye: string;
  celcoin: string;
  tyk: string;
  delivery: string;
  event: string;
  eventType: string;
};

const unknown = '0198c0de-0000-7000-8000-000000000001';

beforeAll(async () => {
  api = await startTestApi();
  owner = await api.newClient();
  stranger = await api.newClient();
  const post = async (path: string, body: object) =>
    (await api.call('POST', path, { token: owner.token, body })).json as {
      id: string;
      deliveries: { id: string }[];
    };
  const everhook = await post('/api/v1/webhooks', { targetUrl: 'https://example.com', events: ['everhook.test'] });
  const sovrin = await post('/v1/webhooks', { url: 'https://example.com', events: ['OpenIdCredentialIssued'] });
  const iceye = await post('/api/notifications/v1/webhooks', { targetURL: 'https://example.com' });
  const celcoin = await post('/api/smart-keys/interceptors', { endpoint: 'https://example.com', type: 'DATA' });
  await post('/portal-api/webhooks', { URL: 'https://example.com', Events: ['UserRegistered'] });
  const tyk = await api.dependencies.webhooks.findByNumber(owner.tenantId, 'tyk', 1);
  const ownType = { description: 'Theirs.' };
  await api.call('PUT', '/api/v1/event-types/theirs.alone', { token: owner.token, body: ownType });
  const event = await post('/api/v1/events', { id: 'theirs', type: 'everhook.test', payload: {} });
  ids = {
    everhook: everhook.id,
    sovrin: sovrin.id,
    iceye: iceye.id,
    celcoin: celcoin.id,
    tyk: tyk?.id ?? '',
    delivery: event.deliveries[0]?.id ?? '',
    event: event.id,
    eventType: 'theirs.alone',
  };
});
afterAll(() => api.close());

const since = { since: '2026-01-01T00:00:00Z' };
const sovrinBody = { url: 'https://example.com', events: ['OpenIdCredentialIssued'] };

describe("another tenant's id is an unknown id", () => {
  it.each<[string, string, (keyof typeof ids)[], object?]>([
    ['GET', '/api/v1/webhooks/ID', ['everhook', 'sovrin', 'iceye', 'celcoin', 'tyk']],
    ['PATCH', '/api/v1/webhooks/ID', ['everhook', 'sovrin'], { disabled: true }],
    ['DELETE', '/api/v1/webhooks/ID', ['everhook', 'sovrin', 'iceye', 'celcoin', 'tyk']],
    ['GET', '/v1/webhooks/ID', ['tyk']],
    ['DELETE', '/api/notifications/v1/webhooks/ID', ['tyk']],
    ['POST', '/api/v1/webhooks/ID/test', ['everhook', 'sovrin']],
    ['POST', '/api/v1/webhooks/ID/recover', ['everhook', 'sovrin'], since],
    ['POST', '/api/v1/webhooks/ID/secret/rotate', ['everhook', 'sovrin']],
    ['GET', '/api/v1/webhooks/ID/stats', ['everhook', 'sovrin']],
    ['GET', '/api/v1/events/ID', ['event']],
    ['GET', '/api/v1/event-types/ID', ['eventType']],
    ['DELETE', '/api/v1/event-types/ID', ['eventType']],
    ['GET', '/api/v1/deliveries/ID', ['delivery']],
    ['POST', '/api/v1/deliveries/ID/retry', ['delivery']],
    ['POST', '/api/v1/deliveries/ID/cancel', ['delivery']],
    ['GET', '/v1/webhooks/ID', ['sovrin', 'everhook']],
    ['PUT', '/v1/webhooks/ID', ['sovrin', 'everhook'], sovrinBody],
    ['DELETE', '/v1/webhooks/ID', ['sovrin', 'everhook']],
    ['GET', '/api/notifications/v1/webhooks/ID', ['iceye', 'everhook']],
    ['DELETE', '/api/notifications/v1/webhooks/ID', ['iceye', 'everhook']],
    ['POST', '/api/notifications/v1/webhooks/ID/deactivate', ['iceye', 'everhook']],
    ['POST', '/api/notifications/v1/webhooks/ID/activate', ['iceye', 'everhook']],
    ['DELETE', '/api/smart-keys/interceptors/ID', ['celcoin', 'everhook']],
  ])('%s %s', async (method, path, kinds, body = undefined) => {
    const call = (id: string) =>
      api.call(method, path.replace('ID', id), {
        token: stranger.token,
        headers: { 'X-Request-Id': 'same' },
        ...(body && { body }),
      });
    const reference = await call(unknown);
    expect(reference.status).toBe(404);
    for (const id of [...kinds.map((kind) => ids[kind]), 'malformed', '%00', 'a%2Fb', 'x'.repeat(300)]) {
      const answer = await call(id);
      expect([id, answer.status, answer.text]).toEqual([id, 404, reference.text]);
    }
  });

  it('and nothing happened to what is theirs', async () => {
    const read = async (path: string) => (await api.call('GET', path, { token: owner.token })).json;
    expect(await read(`/api/v1/webhooks/${ids.everhook}`)).toMatchObject({ disabled: false });
    expect(await read(`/v1/webhooks/${ids.sovrin}`)).toMatchObject({ disabled: false });
    expect(await read(`/api/v1/deliveries/${ids.delivery}`)).toMatchObject({ status: 'pending' });
    expect(api.runs.asked).toEqual([]);
  });
});

it.each([
  '/api/v1/webhooks',
  '/v1/webhooks',
  '/api/notifications/v1/webhooks',
  '/api/smart-keys/interceptors',
  '/api/v1/events',
  '/api/v1/deliveries',
  '/api/v1/audit',
])('%s lists nothing of another tenant', async (path) => {
  const list = async (token: string) => (await api.call('GET', path, { token })).json as { data: object[] };
  expect((await list(owner.token)).data).not.toEqual([]);
  expect((await list(stranger.token)).data).toEqual([]);
});

it('filters by ids of another tenant find nothing', async () => {
  for (const query of [`webhookId=${ids.everhook}`, 'eventId=theirs']) {
    const answer = await api.call('GET', `/api/v1/deliveries?${query}`, { token: stranger.token });
    expect(answer.json).toEqual({ data: [], nextCursor: null });
  }
});

it('the same event id is free for another tenant', async () => {
  const body = { id: 'theirs', type: 'everhook.test', payload: { message: 'mine' } };
  const answer = await api.call('POST', '/api/v1/events', { token: stranger.token, body });
  expect(answer.json).toEqual({ id: 'theirs', type: 'everhook.test', duplicate: false, deliveries: [] });
});
