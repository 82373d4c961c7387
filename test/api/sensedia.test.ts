import { connect } from 'node:net';
import { once } from 'node:events';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { startTestApi, type TestApi } from '../support/api';
import { basic, carryOut, configurePortal, credentialSecrets, password, wanted } from './portal';

let api: TestApi;
let tenantId: string;
beforeAll(async () => {
  api = await startTestApi({ overrides: { credentialSecrets } });
  ({ tenantId } = await api.newClient());
  await configure(tenantId, 'portal');
});
afterAll(() => api.close());

beforeEach(() => carryOut(api));

const configure = (tenant: string, username: string, over: object = {}) =>
  configurePortal(api.dependencies.portals, { tenantId: tenant, username, ...over });

const post = (path: string, body: unknown, authorization = basic()) =>
  api.call('POST', `/v1/${path}`, { body, headers: { authorization } });

describe('the life of an API key', () => {
  let id: string;

  it('begins with 200 and exactly the pair of its type', async () => {
    const answer = await post('createCredentials', wanted('life'));
    expect(answer.status).toBe(200);
    const { apiKeyId } = answer.json as { apiKeyId: string };
    expect(answer.json).toEqual({ credentialType: 'API_KEY', apiKeyId, apiKey: `value-of-${apiKeyId}` });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    id = apiKeyId;
  });

  it('is the same for the same request, and 409 for another', async () => {
    expect((await post('createCredentials', wanted('life'))).json).toMatchObject({ apiKeyId: id });
    const other = await post('createCredentials', { ...wanted('life'), appName: 'other' });
    expect(other).toMatchObject({ status: 409, json: { code: 'conflict', message: expect.any(String) } });
  });

  it('shows in the native API without its value', async () => {
    const { token } = await api.newClient({ tenantId });
    const { json } = await api.call('GET', '/api/v1/credentials?status=active', { token });
    const [one] = (json as { data: { id: string }[] }).data;
    expect(one).toMatchObject({ apiKeyId: id, usagePlans: ['plan1'], status: 'active' });
    const shown = await api.call('GET', `/api/v1/credentials/${one?.id}`, { token });
    expect(shown.json).toEqual(one);
    expect(shown.text).not.toContain('value-of');
    const stranger = await api.newClient();
    expect((await api.call('GET', `/api/v1/credentials/${one?.id}`, { token: stranger.token })).status).toBe(404);
  });

  it('changes with 204 and no body', async () => {
    const change = { apiKeyId: id, apis: [{ id: 'api1', usagePlans: [{ id: 'plan2' }] }] };
    expect(await post('updateCredentials', change)).toMatchObject({ status: 204, text: '' });
  });

  it('ends with 204, twice', async () => {
    expect(await post('revokeCredentials', { apiKeyId: id })).toMatchObject({ status: 204, text: '' });
    expect(await post('revokeCredentials', { apiKeyId: id })).toMatchObject({ status: 204, text: '' });
  });
});

it('answers an app client with its token URL and scopes', async () => {
  const other = await api.newClient();
  const scopes = { byApi: { api1: 'orders/read' }, defaults: [] };
  const tokenUrl = 'https://apps.example.com/oauth2/token';
  const credentialType = 'CLIENT_CREDENTIALS';
  await configure(other.tenantId, 'clients', { credentialType, userPoolId: 'eu_1', scopes, tokenUrl });
  const answer = await post('createCredentials', wanted('client'), basic('clients'));
  expect(answer.json).toEqual({
    credentialType,
    clientId: expect.stringMatching(/^k/),
    clientSecret: expect.stringMatching(/^secret-of-k/),
    customCredentials: { tokenUrl, scopes: 'orders/read' },
  });
  const unmapped = await post('createCredentials', { ...wanted('x'), apis: [{ id: 'api9' }] }, basic('clients'));
  expect(unmapped).toMatchObject({ status: 422, json: { code: 'unmapped_api' } });
});

it.each([
  ['no app name', { ...wanted('v'), appName: undefined }, 'appName: is required'],
  ['no API', { ...wanted('v'), apis: [] }, 'apis: must name at least one API'],
  ['no plan', { ...wanted('v'), apis: [{ id: 'api1' }] }, 'apis[0].usagePlans: must name at least one'],
  ['a path for an id', { ...wanted('v'), apis: [{ id: '../x', usagePlans: [] }] }, 'apis[0].id: must be an id of AWS'],
])('answers 400 to %s', async (_what, body, message) => {
  const answer = await post('createCredentials', body);
  expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
  expect((answer.json as { message: string }).message).toContain(message);
});

it.each([
  [{}, 400],
  [{ apiKeyId: 'a', clientId: 'b' }, 400],
  [{ appName: 'a' }, 400],
  [{ apiKeyId: 'never-known' }, 404],
])('answers a reference %j with %i', async (body, status) => {
  expect((await post('updateCredentials', body)).status).toBe(status);
  expect((await post('revokeCredentials', body)).status).toBe(status);
});

it('gives up at the deadline: 503, and the run is told to take away what it made', async () => {
  api.credentialRuns.perform = () => Promise.reject(new TemporalUnavailable(new Error('late')));
  const answer = await post('createCredentials', wanted('late'));
  expect(answer).toMatchObject({ status: 503, json: { code: 'deadline' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(api.credentialRuns.told.at(-1)).toMatchObject({ news: 'given_up', operation: { kind: 'create' } });
});

it('does not keep the caller waiting for a run that can not be told', async () => {
  const { tell } = api.dependencies.credentialRuns;
  api.credentialRuns.perform = () => Promise.reject(new TemporalUnavailable(new Error('late')));
  api.dependencies.credentialRuns.tell = () => new Promise(() => {});
  expect((await post('createCredentials', wanted('later'))).status).toBe(503);
  api.dependencies.credentialRuns.tell = tell;
});

it('gives up when the caller hangs up', async () => {
  const asked = new Promise<void>((resolve) => {
    api.credentialRuns.perform = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  const told = api.credentialRuns.told.length;
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  const body = JSON.stringify(wanted('gone'));
  socket.write(
    `POST /v1/createCredentials HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic()}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await asked;
  socket.destroy();
  await once(socket, 'close');
  while (api.credentialRuns.told.length === told) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(api.credentialRuns.told.at(-1)).toMatchObject({ news: 'given_up' });
});

it.each([
  ['unknown_usage_plan', 422],
  ['plans_share_stage', 422],
  ['aws_refused', 502],
  ['aws_throttled', 503],
  ['in_progress', 409],
] as const)('answers the failure %s with %i', async (code, status) => {
  api.credentialRuns.perform = () => Promise.resolve({ kind: 'failed', code, message: 'why' });
  const answer = await post('createCredentials', wanted(`failure-${code}`));
  expect(answer).toMatchObject({ status, json: { code, message: 'Why.' } });
});

it('logs no password, no value and no secret', () => {
  const log = JSON.stringify(api.logged);
  for (const secret of [password, basic(), 'value-of', 'secret-of', 'dev@example.com'])
    expect(log).not.toContain(secret);
});
