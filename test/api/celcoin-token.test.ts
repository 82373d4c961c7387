import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi({ env: { RATE_LIMIT_AUTH_FAILURES: '3/m' } });
  client = await api.newClient();
});
afterAll(() => api.close());

const path = '/api/portal/onboard/v1/token';
const ask = (body: unknown, headers: Record<string, string> = {}) => api.call('POST', path, { body, headers });
const credentials = ({ clientId, clientSecret }: TestClient) => ({ client_id: clientId, client_secret: clientSecret });

it("answers exactly what the source shows, for the client's credentials in JSON", async () => {
  const answer = await ask(credentials(client));
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.json).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
    expires_in: 3600,
    refresh_expires_in: 0,
    token_type: 'Bearer',
    'not-before-policy': 0,
    scope: 'email profile',
  });
});

it("gives a token that works on every contract's paths", async () => {
  const { access_token: token } = (await ask(credentials(client))).json as { access_token: string };
  for (const read of [
    '/api/smart-keys/interceptors',
    '/api/notifications/v1/webhooks',
    '/v1/webhooks',
    '/api/v1/events',
  ]) {
    expect([read, (await api.call('GET', read, { token })).status]).toEqual([read, 200]);
  }
});

it('and the interceptors take a token of /oauth2/token', async () => {
  const answer = await api.call('POST', '/oauth2/token', {
    body: new URLSearchParams({ grant_type: 'client_credentials', ...credentials(client) }).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  const { access_token: token } = answer.json as { access_token: string };
  expect((await api.call('GET', '/api/smart-keys/interceptors', { token })).status).toBe(200);
});

it('gives no more than the client may do', async () => {
  const narrow = await api.newClient({ scopes: ['events:publish'] });
  const { access_token: token } = (await ask(credentials(narrow))).json as { access_token: string };
  expect((await api.call('GET', '/api/v1/webhooks', { token })).status).toBe(403);
  expect((await api.call('GET', '/api/smart-keys/interceptors', { token })).status).toBe(401);
});

it('answers 401 in one word for an unknown client, a wrong secret, a revoked client and an id that is none', async () => {
  const [wrong, revoked] = [await api.newClient(), await api.newClient()];
  await api.dependencies.tenants.revokeClient(revoked.tenantId, revoked.clientId);
  for (const body of [
    { client_id: '64b51075-45bf-46cc-aed4-29b69b51816d', client_secret: 'canary' },
    { ...credentials(wrong), client_secret: client.clientSecret },
    credentials(revoked),
    { client_id: 'my first app', client_secret: 'canary' },
  ]) {
    const answer = await ask(body);
    expect([answer.status, answer.text]).toEqual([401, '{"error":"invalid_client"}']);
  }
});

it.each<[string, unknown, string[]]>([
  ['no client_id', { client_secret: 'canary' }, ['client_id']],
  ['no client_secret', { client_id: 'x' }, ['client_secret']],
  ['nothing', {}, ['client_id', 'client_secret']],
  ['an empty client_secret', { client_id: 'x', client_secret: '' }, ['client_secret']],
  ['a number for client_id', { client_id: 1, client_secret: 'canary' }, ['client_id']],
  ['an unknown key', { client_id: 'x', client_secret: 'canary', grant_type: 'client_credentials' }, ['grant_type']],
])('answers 400 for %s', async (_what, body, fields) => {
  const answer = await ask(body);
  expect([answer.status, answer.json]).toEqual([
    400,
    {
      error: 'invalid_request',
      message: 'The body is not valid.',
      details: fields.map((field) => ({ field, message: expect.any(String) as string })),
    },
  ]);
  expect(answer.text).not.toContain('canary');
});

it.each<[string, number, string, unknown, Record<string, string>?]>([
  ['no JSON', 400, 'invalid_request', '{"client_id":'],
  ['a list', 400, 'invalid_request', '[]'],
  ['no body', 400, 'invalid_request', undefined],
  ['a key twice', 400, 'invalid_request', '{"client_id":"a","client_id":"b","client_secret":"c"}'],
  ['a form', 415, 'unsupported_media_type', 'client_id=a', { 'Content-Type': 'application/x-www-form-urlencoded' }],
  ['a long body', 413, 'payload_too_large', `"${'x'.repeat(300_000)}"`],
])('answers for %s in its own format', async (_what, status, error, body, headers = {}) => {
  const answer = await ask(body, headers);
  expect([answer.status, answer.json]).toMatchObject([status, { error, message: expect.any(String) as string }]);
});

it('answers 405 for another method', async () => {
  const answer = await api.call('GET', path);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  expect(answer.json).toMatchObject({ error: 'method_not_allowed' });
});

it('stops guessing at one client, counted together with /oauth2/token, and nobody else', async () => {
  const victim = await api.newClient();
  const guess = { ...credentials(victim), client_secret: 'guess' };
  for (let failures = 1; failures <= 2; failures += 1) expect((await ask(guess)).status).toBe(401);
  const form = (secret: string) =>
    api.call('POST', '/oauth2/token', {
      body: `grant_type=client_credentials&client_id=${victim.clientId}&client_secret=${secret}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  expect((await form('guess')).status).toBe(401);
  const stopped = await ask(credentials(victim));
  expect(stopped.status).toBe(429);
  expect(Number(stopped.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(stopped.json).toEqual({ error: 'too_many_requests', message: 'The rate limit is reached.' });
  expect((await form(victim.clientSecret)).status).toBe(429);
  expect((await ask(credentials(client))).status).toBe(200);
});

it('leaves no credentials in the log', () => {
  const text = JSON.stringify(api.logged);
  expect(text).toContain(path);
  expect(text).not.toContain('canary');
  expect(text).not.toContain(client.clientSecret);
});
