import { verifySovrin, verifyStandardWebhooks } from '../../src/verify';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

interface Shown {
  attempt: number;
  sentAt: string;
  method: string;
  url: string;
  headers: { name: string; value: string; purpose: string }[];
  body: string;
  bodyBytes: number;
}

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
  await api.dependencies.messageSigningKeys.ensureOne();
});
afterAll(() => api.close());

const call = async (method: string, path: string, body?: object) =>
  api.call(method, path, { token: client.token, ...(body && { body }) });

async function delivered(webhook: object, event: object) {
  const { json } = await call('POST', '/api/v1/webhooks', { targetUrl: 'https://a.example.com/in', ...webhook });
  const { id: webhookId, secret } = json as { id: string; secret: string };
  const published = await call('POST', '/api/v1/events', { ...event, webhookId });
  const [{ id } = { id: '' }] = (published.json as { deliveries: { id: string }[] }).deliveries;
  return { id, webhookId, secret };
}

const attempt = (deliveryId: string, number = 1) => {
  const startedAt = new Date().toISOString();
  return api.dependencies.deliveries.recordAttempt(
    { tenantId: client.tenantId, deliveryId },
    { number, startedAt, durationMs: 9, statusCode: 500, errorClass: 'http_status', responseBody: null },
    { status: 'pending', dueAt: null },
  );
};

const requestOf = async (id: string, query = '') => {
  const answer = await call('GET', `/api/v1/deliveries/${id}/request${query}`);
  expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
  const shown = answer.json as Shown;
  return { shown, headers: Object.fromEntries(shown.headers.map(({ name, value }) => [name, value])) };
};

it('is what the receiver can verify, without what is secret', async () => {
  const headers = { 'X-Team': 'blue', 'X-Api-Key': 'very-secret' };
  const { id, secret } = await delivered(
    { events: ['everhook.test'], headers, auth: { type: 'basic', username: 'u', password: 'very-secret-too' } },
    { id: 'request-1', type: 'everhook.test', payload: { message: 'Grüße' } },
  );
  expect((await call('GET', `/api/v1/deliveries/${id}/request`)).status).toBe(409);
  await attempt(id);
  const { shown, headers: sent } = await requestOf(id);
  expect(shown).toMatchObject({ attempt: 1, method: 'POST', url: 'https://a.example.com/in' });
  expect(verifyStandardWebhooks({ headers: sent, body: Buffer.from(shown.body), secrets: secret })).toMatchObject({
    ...{ id: 'request-1', type: 'everhook.test', payload: { message: 'Grüße' } },
  });
  expect(sent).toMatchObject({ 'x-team': 'blue', 'x-api-key': '[redacted]', authorization: '[redacted]' });
  expect(JSON.stringify(shown)).not.toContain('very-secret');
  expect(shown.headers.filter(({ purpose }) => purpose === 'signature').map(({ name }) => name)).toEqual([
    ...['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  ]);
  expect((await call('GET', `/api/v1/deliveries/${id}/request?attempt=2`)).status).toBe(409);
});

it('shows the beginning of a long body, cut at a character', async () => {
  const { id } = await delivered(
    { events: ['everhook.test'] },
    { id: 'request-2', type: 'everhook.test', payload: { message: 'é'.repeat(20_000) } },
  );
  await attempt(id);
  const { shown } = await requestOf(id, '?attempt=1');
  expect(shown.bodyBytes).toBeGreaterThan(40_000);
  expect(Buffer.byteLength(shown.body)).toBeGreaterThan(16_000);
  expect(Buffer.byteLength(shown.body)).toBeLessThanOrEqual(16_384);
  expect(shown.body).toMatch(/é$/);
});

it('of a sovrin webhook has its HTTP Message Signature', async () => {
  const registered = await call('POST', '/v1/webhooks', {
    events: ['OpenIdCredentialIssued'],
    url: 'https://b.example.com/in',
  });
  const { id: webhookId } = registered.json as { id: string };
  const published = await call('POST', '/api/v1/events', {
    ...{ id: 'request-3', type: 'OpenIdCredentialIssued', webhookId },
    payload: { credentialId: '5f6a1c1e-8f0b-4f0a-9a57-0d8f1b7a3c11' },
  });
  const [{ id } = { id: '' }] = (published.json as { deliveries: { id: string }[] }).deliveries;
  await attempt(id);
  const { shown, headers } = await requestOf(id);
  const keys = (await api.call('GET', '/v1/webhooks/jwks', {})).json as Parameters<typeof verifySovrin>[0]['keys'];
  const verified = await verifySovrin({
    ...{ method: 'POST', url: '/in', host: 'b.example.com', webhookIds: [webhookId], keys },
    ...{ headers, body: Buffer.from(shown.body) },
  });
  expect(verified).toMatchObject({ type: 'OpenIdCredentialIssued' });
});

it('has its signature for clients only that may have it sent again', async () => {
  const { id } = await delivered(
    { events: ['everhook.test'] },
    { id: 'request-4', type: 'everhook.test', payload: { message: 'hello' } },
  );
  await attempt(id);
  const reader = await api.newClient({ tenantId: client.tenantId, scopes: ['deliveries:read'] });
  const { status, json } = await api.call('GET', `/api/v1/deliveries/${id}/request`, { token: reader.token });
  expect(status).toBe(200);
  const shown = Object.fromEntries((json as Shown).headers.map(({ name, value }) => [name, value]));
  expect(shown).toMatchObject({ 'webhook-id': 'request-4', 'webhook-signature': '[redacted]' });
});

it('says of the webhook no more to clients that may not read it than its origin and the names of its headers', async () => {
  const { id } = await delivered(
    { targetUrl: 'https://a.example.com/in/secret-path', events: ['everhook.test'], headers: { 'X-Team': 'blue' } },
    { id: 'request-5', type: 'everhook.test', payload: { message: 'hello' } },
  );
  await attempt(id);
  const reader = await api.newClient({ tenantId: client.tenantId, scopes: ['deliveries:read', 'deliveries:write'] });
  const { json } = await api.call('GET', `/api/v1/deliveries/${id}/request`, { token: reader.token });
  const { url, headers } = json as Shown;
  expect([url, headers.find(({ name }) => name === 'x-team')?.value]).toEqual(['https://a.example.com', '[redacted]']);
});
