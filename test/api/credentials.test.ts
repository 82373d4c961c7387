import { startTestApi, type TestApi, type TestClient } from '../support/api';
import { basic, carryOut, configurePortal, credentialSecrets, wanted } from './portal';

interface Shown {
  id: string;
  apiKeyId: string;
  appSlug: string;
  status: string;
}

let api: TestApi;
let owner: TestClient;
let stranger: TestClient;
/** In the order of creation. */
let made: Shown[];

const ask = (path: string, body: object, portal = 'portal') =>
  api.call('POST', `/v1/${path}`, { body, headers: { authorization: basic(portal), 'x-request-id': 'same' } });
const read = (path: string, { token } = owner) => api.call('GET', `/api/v1/credentials${path}`, { token });
const list = async (query = '', client = owner) =>
  (await read(query, client)).json as { data: Shown[]; nextCursor: string | null };

beforeAll(async () => {
  api = await startTestApi({ overrides: { credentialSecrets } });
  owner = await api.newClient();
  stranger = await api.newClient();
  const { portals } = api.dependencies;
  await configurePortal(portals, { tenantId: owner.tenantId, username: 'portal' });
  await configurePortal(portals, { tenantId: stranger.tenantId, username: 'stranger' });
  carryOut(api);
  for (const slug of ['one', 'two', 'three']) await ask('createCredentials', wanted(slug));
  await ask('revokeCredentials', { appSlug: 'two' });
  made = (await list()).data.reverse();
});
afterAll(() => api.close());

it('a credential is shown with everything but its value', async () => {
  const [one] = made;
  const shown = await read(`/${one?.id}`);
  expect(shown.json).toEqual({
    id: one?.id,
    appName: 'my new aws app',
    appSlug: 'one',
    developer: 'dev@example.com',
    credentialType: 'API_KEY',
    status: 'active',
    apiKeyId: one?.apiKeyId,
    usagePlans: ['plan1'],
    steps: [],
    createdAt: expect.stringMatching(/^\d{4}-.+\.\d{3}Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-.+\.\d{3}Z$/),
    workflowId: expect.stringMatching(/^credential\//),
    temporalUrl: expect.stringContaining('/workflows/credential%2F'),
  });
  expect(shown.text).not.toContain('value-of');
});

it('they are listed newest first, by page, by status and by type', async () => {
  expect(made.map(({ appSlug, status }) => [appSlug, status])).toEqual([
    ['one', 'active'],
    ['two', 'revoked'],
    ['three', 'active'],
  ]);
  const first = await list('?limit=2');
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(made.map(({ id }) => id).reverse());
  expect(second.nextCursor).toBeNull();
  expect((await list('?status=revoked')).data).toMatchObject([{ appSlug: 'two' }]);
  expect((await list('?credentialType=CLIENT_CREDENTIALS')).data).toEqual([]);
  expect((await read('?status=lost')).status).toBe(400);
});

it('reading them takes its scope', async () => {
  const { tenantId } = owner;
  const narrow = await api.newClient({ tenantId, scopes: ['webhooks:read', 'audit:read'] });
  const exact = await api.newClient({ tenantId, scopes: ['credentials:read'] });
  for (const path of ['', `/${made[0]?.id}`]) {
    expect((await read(path, narrow)).status).toBe(403);
    expect((await read(path, exact)).status).toBe(200);
  }
});

describe('another tenant', () => {
  it('sees none of them', async () => {
    expect((await list('', stranger)).data).toEqual([]);
    const call = (id: string) =>
      api.call('GET', `/api/v1/credentials/${id}`, { token: stranger.token, headers: { 'x-request-id': 'same' } });
    const reference = await call('0198c0de-0000-7000-8000-000000000001');
    expect(reference.status).toBe(404);
    for (const id of [made[0]?.id ?? '', 'malformed', '%00']) expect((await call(id)).text).toBe(reference.text);
  });

  it('changes and revokes none of them, however it names them', async () => {
    const [one] = made;
    for (const path of ['updateCredentials', 'revokeCredentials']) {
      const reference = await ask(path, { apiKeyId: 'never-known' }, 'stranger');
      expect(reference.status).toBe(404);
      for (const body of [
        { apiKeyId: one?.apiKeyId },
        { clientId: one?.apiKeyId },
        { appSlug: 'one' },
        { appName: 'my new aws app', developer: 'dev@example.com' },
      ]) {
        const answer = await ask(path, { ...body, credentialType: 'CLIENT_CREDENTIALS' }, 'stranger');
        expect([answer.status, answer.text]).toEqual([404, reference.text]);
      }
    }
    expect((await list('?status=active')).data).toHaveLength(2);
  });

  it('has an app of the same slug for itself', async () => {
    const theirs = (await ask('createCredentials', wanted('one'), 'stranger')).json as Shown;
    expect(theirs.apiKeyId).not.toBe(made[0]?.apiKeyId);
    await ask('revokeCredentials', { appSlug: 'one' }, 'stranger');
    expect((await read(`/${made[0]?.id}`)).json).toMatchObject({ status: 'active' });
  });
});
