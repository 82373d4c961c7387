import { connect } from 'node:net';
import { once } from 'node:events';
import { Secret } from '../../src/domain/secret';
import { hashPassword } from '../../src/platform/passwords';
import { createCredentialWorkStore } from '../../src/store/credential-work';
import { startTestApi, type TestApi } from '../support/api';

const password = 'pass:wörd';
const basic = (user = 'portal', given = password) => `Basic ${Buffer.from(`${user}:${given}`).toString('base64')}`;
const wanted = (slug: string) => ({
  appName: 'my new aws app',
  appSlug: slug,
  developer: 'dev@example.com',
  apis: [{ id: 'api1', usagePlans: [{ id: 'plan1' }, { id: 'plan1' }] }],
  unknown: { to: 'us' },
});

let api: TestApi;
let tenantId: string;
let probed = 0;
let awsIsWell = true;
beforeAll(async () => {
  api = await startTestApi({
    env: { RATE_LIMIT_AUTH_FAILURES: '20/m' },
    overrides: {
      credentialSecrets: {
        read: async ({ credentialType, awsId }) =>
          credentialType === 'API_KEY'
            ? { credentialType, apiKeyId: awsId, apiKey: new Secret(`value-of-${awsId}`) }
            : { credentialType, clientId: awsId, clientSecret: new Secret(`secret-of-${awsId}`) },
      },
      awsProbes: {
        apiGateway: () => {
          probed += 1;
          return awsIsWell ? Promise.resolve() : Promise.reject(new Error('AKIA-canary'));
        },
        userPool: () => Promise.resolve({ hasDomain: true, missingScopes: [] }),
      },
    },
  });
  ({ tenantId } = await api.newClient());
  await configure(tenantId, 'portal');
});
afterAll(() => api.close());

beforeEach(() => {
  // As a worker would, on an AWS where everything succeeds.
  const work = createCredentialWorkStore({ database: api.database, audit: api.dependencies.audit });
  api.credentialRuns.perform = async (operation) => {
    const opened = await work.open(operation);
    if (opened.todo === 'nothing') return opened.outcome;
    if (opened.todo === 'create') await work.rememberAwsId(operation, `k${operation.credentialId.slice(-8)}`);
    const kinds = { create: 'provisioned', update: 'changed', remove: 'removed' } as const;
    const kind = kinds[opened.todo as keyof typeof kinds];
    if (kind) await work.record(operation, { kind });
    return { kind: 'succeeded' };
  };
});

async function configure(tenant: string, username: string, over: object = {}) {
  await api.dependencies.portals.configure({
    tenantId: tenant,
    username,
    passwordHash: await hashPassword(new Secret(password)),
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
    ...over,
  });
}

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

it('answers 405 with Allow, 415 and 413', async () => {
  const get = await api.call('GET', '/v1/createCredentials');
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  expect(get.json).toMatchObject({ code: 'method_not_allowed' });
  const headers = { authorization: basic(), 'content-type': 'text/plain' };
  expect((await api.call('POST', '/v1/createCredentials', { body: '{}', headers })).status).toBe(415);
  expect((await post('createCredentials', { pad: 'x'.repeat(300_000) })).status).toBe(413);
});

it('answers every wrong credential alike, before the body is looked at', async () => {
  const wrong = [
    undefined,
    'Bearer x',
    'Basic !!!',
    basic('portal', 'wrong'),
    basic('nobody'),
    `Basic ${Buffer.from('portal:').toString('base64')}`,
    `${basic()}=`,
    `Basic ${Buffer.from([0xff, 0x3a, 0x41]).toString('base64')}`,
  ];
  for (const authorization of wrong) {
    for (const path of ['createCredentials', 'updateCredentials', 'revokeCredentials', 'health']) {
      const isHealth = path === 'health';
      const answer = await api.call(isHealth ? 'GET' : 'POST', `/v1/${path}`, {
        ...(!isHealth && { body: 'not json' }),
        headers: { 'x-request-id': 'same', ...(authorization !== undefined && { authorization }) },
      });
      expect(answer).toMatchObject({
        status: 401,
        json: { code: 'unauthorized', message: 'The user name or password is wrong.', requestId: 'same' },
      });
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="everhook", charset="UTF-8"');
    }
  }
});

it('takes the scheme in any case, and stops guessers', async () => {
  const health = (authorization: string) => api.call('GET', '/v1/health', { headers: { authorization } });
  expect((await health(basic().replace('Basic', 'bASIC'))).status).toBe(204);
  const answers = [];
  for (let guess = 0; guess < 21; guess += 1) answers.push(await health(basic('guessed', `no-${guess}`)));
  expect(answers.slice(0, 20).every(({ status }) => status === 401)).toBe(true);
  expect(answers[20]).toMatchObject({ status: 429, json: { code: 'too_many_requests' } });
  expect(answers[20]?.headers.get('retry-after')).toMatch(/^\d+$/);
});

it('asks AWS for its health once for many callers, and names what is away without saying more', async () => {
  const health = () => api.call('GET', '/v1/health', { headers: { authorization: basic() } });
  await health();
  const before = probed;
  const answers = await Promise.all([health(), health(), health()]);
  expect(answers.map(({ status, text }) => [status, text])).toEqual([204, 204, 204].map((status) => [status, '']));
  expect(probed).toBe(before);
  awsIsWell = false;
  await configure(tenantId, 'portal', { region: 'eu-west-1' });
  const away = await health();
  awsIsWell = true;
  expect(away).toMatchObject({ status: 503, json: { code: 'unhealthy', message: 'Not available: api-gateway.' } });
  expect(away.text).not.toContain('AKIA');
});

it('gives up at the deadline: 503, and the run is told to take away what it made', async () => {
  const { TemporalUnavailable } =
    jest.requireActual<typeof import('../../src/platform/temporal')>('../../src/platform/temporal');
  api.credentialRuns.perform = () => Promise.reject(new TemporalUnavailable(new Error('late')));
  const answer = await post('createCredentials', wanted('late'));
  expect(answer).toMatchObject({ status: 503, json: { code: 'deadline' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(api.credentialRuns.told.at(-1)).toMatchObject({ news: 'given_up', operation: { kind: 'create' } });
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
  expect(answer).toMatchObject({ status, json: { code, message: 'why' } });
});

it('logs no password, no value and no secret', () => {
  const log = JSON.stringify(api.logged);
  for (const secret of [password, basic(), 'value-of', 'secret-of', 'dev@example.com'])
    expect(log).not.toContain(secret);
});
