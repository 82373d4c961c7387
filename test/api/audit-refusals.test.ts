import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '../../src/domain/secret';
import { hashPassword } from '../../src/platform/passwords';
import type { AuditRow } from '../../src/store/audit';
import { eventually } from '../support/everhook';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

const canary = 'canary-secret-5174';

let api: TestApi;
let client: TestClient;
beforeAll(async () => {
  api = await startTestApi({ env: { RATE_LIMIT_AUTH_FAILURES: '1000/s' } });
  client = await api.newClient();
  await api.dependencies.portals.configure({
    tenantId: client.tenantId,
    username: 'portal',
    passwordHash: await hashPassword(new Secret(randomBytes(8).toString('hex'))),
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
  });
});
afterAll(() => api.close());

/** Refusals written since `since`, once there are `count` of them in all. */
function refusals(since: Date, count = 1): Promise<AuditRow[]> {
  return eventually(
    () =>
      api
        .database('audit')
        .where('at', '>=', since)
        .where({ outcome: 'failure' })
        .orderBy('id')
        .select<AuditRow[]>('*'),
    (rows) => rows.reduce((sum, row) => sum + row.count, 0) >= count,
  );
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const form = (body: string, authorization?: string) =>
  api.call('POST', '/oauth2/token', {
    body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...(authorization && { authorization }) },
  });
const read = (authorization?: string, path = '/api/v1/webhooks') =>
  api.call('GET', path, { ...(authorization && { headers: { authorization } }) });
const celcoinToken = (id: string) =>
  api.call('POST', '/api/portal/onboard/v1/token', {
    body: { client_id: id, client_secret: canary },
  });

/** One that counts comes behind what must not: when it is there, the others would be too. */
async function expectOnlyTheNext(since: Date): Promise<void> {
  await api.call('GET', '/v1/webhooks', { token: canary, headers: { 'X-Request-Id': 'next' } });
  const isThere = (rows: AuditRow[]) => rows.some(({ request_id: id }) => id === 'next');
  const rows = await eventually(() => refusals(since), isThere);
  expect(rows).toMatchObject([{ request_id: 'next', action: 'client.authenticate', count: 1 }]);
}

const unknown = { tenant_id: null, actor: 'unknown', object_id: '' };
const knownClient = () => ({
  tenant_id: client.tenantId,
  actor: `client:${client.clientId}`,
  object_id: client.clientId,
  object_type: 'client',
});

describe('a failed authentication', () => {
  it.each<[string, string, () => Promise<unknown>, () => object]>([
    [
      'of a client with a wrong secret',
      'client.authenticate',
      () => form(`grant_type=client_credentials&client_id=${client.clientId}&client_secret=${canary}`),
      knownClient,
    ],
    [
      'of a client that nobody knows',
      'client.authenticate',
      () => form('grant_type=client_credentials', basic(randomUUID(), canary)),
      () => unknown,
    ],
    [
      'with a header that is no Basic',
      'client.authenticate',
      () => form('grant_type=client_credentials', `Basic ${canary}!`),
      () => unknown,
    ],
    ["at Celcoin's token endpoint", 'client.authenticate', () => celcoinToken(client.clientId), knownClient],
    ["at Celcoin's token endpoint, of nobody", 'client.authenticate', () => celcoinToken(canary), () => unknown],
    ['with a token that is none', 'client.authenticate', () => read(`Bearer ${canary}`), () => unknown],
    ['with another scheme', 'client.authenticate', () => read(`Token ${canary}`), () => unknown],
    [
      'of a portal with a wrong password',
      'portal.authenticate',
      () => read(basic('portal', canary), '/v1/health'),
      () => ({ tenant_id: client.tenantId, actor: 'portal:portal', object_id: client.tenantId, object_type: 'portal' }),
    ],
    [
      'of a portal that nobody knows',
      'portal.authenticate',
      () => read(basic(canary, canary), '/v1/health'),
      () => unknown,
    ],
    ['of a portal with nonsense', 'portal.authenticate', () => read(`Basic ${canary}`, '/v1/health'), () => unknown],
  ])('%s is in the audit log', async (_what, action, attempt, expected) => {
    const since = new Date();
    await expect(attempt()).resolves.toMatchObject({ status: 401 });
    const [entry, ...more] = await refusals(since);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ ...expected(), action, address: '127.0.0.1', fields: [], count: 1 });
    expect(JSON.stringify(entry)).not.toContain(canary);
  });

  it('with the token of a client that was revoked is of its tenant', async () => {
    const revoked = await api.newClient();
    await api.dependencies.tenants.revokeClient(revoked.tenantId, revoked.clientId);
    const since = new Date();
    expect((await read(`Bearer ${revoked.token}`)).status).toBe(401);
    expect(await refusals(since)).toMatchObject([
      { tenant_id: revoked.tenantId, actor: `client:${revoked.clientId}`, action: 'client.authenticate' },
    ]);
  });

  it('again and again is one entry with their number, which the tenant sees', async () => {
    const since = new Date();
    const wrong = `grant_type=client_credentials&client_id=${client.clientId}&client_secret=${canary}`;
    await Promise.all(Array.from({ length: 20 }, () => form(wrong)));
    const entries = await refusals(since, 20);
    expect(entries.length).toBeLessThan(20);
    const listed = await api.call('GET', '/api/v1/audit?action=client.authenticate', { token: client.token });
    const { data } = listed.json as { data: { count: number; outcome: string; requestId: string }[] };
    expect(data.slice(0, entries.length).map(({ count }) => count)).toEqual(
      entries.map(({ count }) => count).reverse(),
    );
    expect(data[0]).toMatchObject({ outcome: 'failure', requestId: expect.any(String) as string });
  });

  it('is none when nobody tried: a request without credentials', async () => {
    const since = new Date();
    for (const path of ['/api/v1/webhooks', '/v1/health', '/portal-api/webhooks']) {
      expect((await read(undefined, path)).status).toBe(401);
    }
    await expectOnlyTheNext(since);
  });

  it('of a stranger is in the log of no tenant', async () => {
    const since = new Date();
    await read(`Bearer ${canary}`);
    await refusals(since);
    const { data } = await api.dependencies.audit.list(client.tenantId, { limit: 250 });
    expect(data.filter(({ actor }) => actor === 'unknown')).toEqual([]);
  });
});

describe('a registration that leads to where nothing may be sent', () => {
  const inside = `https://${canary}.internal/`;
  it.each<[string, string, string, object]>([
    ['/api/v1/webhooks', 'POST', 'targetUrl', { targetUrl: inside, events: ['*'] }],
    [
      '/api/v1/webhooks',
      'POST',
      'auth.tokenURL',
      {
        targetUrl: 'https://example.com/',
        events: ['*'],
        auth: { type: 'client_credential', clientID: 'x', clientSecret: canary, tokenURL: 'http://169.254.169.254/' },
      },
    ],
    ['/v1/webhooks', 'POST', 'url', { url: 'https://[::ffff:127.0.0.1]/', events: ['OpenIdCredentialIssued'] }],
    [`/v1/webhooks/${randomUUID()}`, 'PUT', 'url', { url: 'https://10.0.0.1/', events: ['OpenIdCredentialIssued'] }],
    ['/api/notifications/v1/webhooks', 'POST', 'targetURL', { targetURL: inside }],
    ['/api/smart-keys/interceptors', 'POST', 'endpoint', { endpoint: inside, type: 'DATA' }],
    ['/portal-api/webhooks', 'POST', 'URL', { Name: 'x', URL: inside, Timeout: 5, Events: ['UserRegistered'] }],
  ])('%s %s is in the audit log, with the name of %s and no URL', async (path, method, field, body) => {
    const since = new Date();
    const answer = await api.call(method, path, { token: client.token, body, headers: { 'X-Request-Id': 'blocked' } });
    expect([400, 422]).toContain(answer.status);
    const [entry, ...more] = await refusals(since);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      tenant_id: client.tenantId,
      actor: `client:${client.clientId}`,
      action: 'webhook.blocked_address',
      object_type: 'webhook',
      object_id: '',
      fields: [field],
      address: '127.0.0.1',
      request_id: 'blocked',
      count: 1,
    });
    expect(JSON.stringify(entry)).not.toMatch(new RegExp(`${canary}|169.254|::ffff|10.0.0.1`));
  });

  it('is not in it when the URL is none, or only misses an s', async () => {
    const since = new Date();
    for (const url of ['nonsense', 'http://example.com/', 'https://user@example.com/']) {
      const body = { url, events: ['OpenIdCredentialIssued'] };
      expect((await api.call('POST', '/v1/webhooks', { token: client.token, body })).status).toBe(400);
    }
    await expectOnlyTheNext(since);
  });
});
