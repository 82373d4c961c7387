import { consentEvents } from '../../src/domain/consent/machine';
import { startTestApi, type Answer, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;
let stranger: TestClient;

beforeAll(async () => {
  api = await startTestApi({ env: { EGRESS_ALLOW: 'http://localhost:9010' } });
  client = await api.newClient();
  stranger = await api.newClient();
});
afterAll(() => api.close());

interface Shown {
  id: string;
  createdAt: string;
}

const base = '/api/smart-keys/interceptors';
const call = (method: string, path = '', body?: unknown, token = client.token) =>
  api.call(method, base + path, { token, ...(body !== undefined && { body }) });
/** The registration of the source, to the letter. */
const sample = {
  endpoint: 'https://www.my-domain.com/webhook',
  isAuthenticated: false,
  authenticationType: '',
  user: '',
  password: '',
  type: 'DATA',
};
const authenticated = { isAuthenticated: true, authenticationType: 'BASIC', user: 'USER', password: 'canary-password' };
const register = async (more: object = {}, token = client.token) =>
  (await call('POST', '', { ...sample, ...more }, token)).json as Shown;
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

function expectError(answer: Answer, status: number, error: string) {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
  expect(answer.json).toMatchObject({ error, message: expect.any(String) as string });
}

const notAllowed = '{"error":"unauthorized","message":"The used token is not allowed to access the resource"}';

describe('register', () => {
  it('answers 201 for the sample of the source, to the key', async () => {
    const answer = await call('POST', '', sample);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([201, 'application/json']);
    expect(answer.json).toEqual({
      id: uuid,
      endpoint: 'https://www.my-domain.com/webhook',
      isAuthenticated: false,
      authenticationType: '',
      user: '',
      type: 'DATA',
      createdAt: timestamp,
    });
    expect(answer.text).not.toContain('whsec_');
  });

  it.each(['BASIC', 'basic', 'Basic'])('takes %s authentication and never shows the password', async (spelling) => {
    const answer = await call('POST', '', {
      ...sample,
      ...authenticated,
      authenticationType: spelling,
      type: 'PAYMENT',
    });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: uuid,
      endpoint: sample.endpoint,
      isAuthenticated: true,
      authenticationType: 'BASIC',
      user: 'USER',
      type: 'PAYMENT',
      createdAt: timestamp,
    });
    expect(answer.text).not.toContain('canary');
  });

  it('needs no more than endpoint and type', async () => {
    const answer = await call('POST', '', { endpoint: sample.endpoint, type: 'PAYMENT' });
    expect([answer.status, answer.json]).toMatchObject([201, { isAuthenticated: false, type: 'PAYMENT' }]);
  });

  it.each([
    ['https://www.my-domain.com/whatever/you?have=1', 'https://www.my-domain.com/whatever/you?have=1'],
    ['https://münchen.example/ä', 'https://xn--mnchen-3ya.example/%C3%A4'],
    ['http://localhost:9010/allowed', 'http://localhost:9010/allowed'],
  ])('takes the endpoint %s as %s', async (endpoint, normalised) => {
    expect(await register({ endpoint })).toMatchObject({ endpoint: normalised });
  });

  it.each<[string, object, string[]]>([
    ['no endpoint', { ...sample, endpoint: undefined }, ['endpoint']],
    ['http', { ...sample, endpoint: 'http://www.my-domain.com' }, ['endpoint']],
    ['an address', { ...sample, endpoint: 'https://10.0.0.1' }, ['endpoint']],
    ['a fragment', { ...sample, endpoint: 'https://www.my-domain.com/#a' }, ['endpoint']],
    ['a password in the endpoint', { ...sample, endpoint: 'https://u:canary@www.my-domain.com' }, ['endpoint']],
    ['an empty endpoint', { ...sample, endpoint: '' }, ['endpoint']],
    ['no type', { ...sample, type: undefined }, ['type']],
    ['another type', { ...sample, type: 'CREDIT' }, ['type']],
    ['another case of a type', { ...sample, type: 'data' }, ['type']],
    ['both types', { ...sample, type: ['DATA', 'PAYMENT'] }, ['type']],
    ['"false" for isAuthenticated', { ...sample, isAuthenticated: 'false' }, ['isAuthenticated']],
    ['0 for isAuthenticated', { ...sample, isAuthenticated: 0 }, ['isAuthenticated']],
    ['null for isAuthenticated', { ...sample, isAuthenticated: null }, ['isAuthenticated']],
    ['a user that is not used', { ...sample, user: 'u' }, ['user']],
    ['a password that is not used', { ...sample, password: 'canary' }, ['password']],
    ['both, not used', { ...sample, isAuthenticated: undefined, user: 'u', password: 'canary' }, ['user', 'password']],
    ['a type of authentication that is not used', { ...sample, authenticationType: 'BASIC' }, ['authenticationType']],
    [
      'another type of authentication',
      { ...sample, ...authenticated, authenticationType: 'OAUTH2' },
      ['authenticationType'],
    ],
    ['no type of authentication', { ...sample, ...authenticated, authenticationType: '' }, ['authenticationType']],
    ['no user', { ...sample, ...authenticated, user: '' }, ['user']],
    ['no password', { ...sample, ...authenticated, password: '' }, ['password']],
    ['neither', { ...sample, ...authenticated, user: undefined, password: undefined }, ['user', 'password']],
    ['a colon in the user', { ...sample, ...authenticated, user: 'a:b' }, ['user']],
    ['a line break in the password', { ...sample, ...authenticated, password: 'canary\r\nx' }, ['password']],
    ['a number for the user', { ...sample, ...authenticated, user: 1 }, ['user']],
    ['an unknown key', { ...sample, secret: 'canary' }, ['secret']],
    ['an unknown key with a long name', { ...sample, ['k'.repeat(1000)]: 'canary' }, ['k'.repeat(100)]],
  ])('answers 400 for %s, and says where', async (_what, body, fields) => {
    const answer = await call('POST', '', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      error: 'invalid_request',
      message: 'The body is not valid.',
      details: fields.map((field) => ({ field, message: expect.any(String) as string })),
    });
    expect(answer.text).not.toContain('canary');
  });
});

describe('the token', () => {
  it('is asked for in the same words whether it is missing, malformed, expired, of another key or not entitled', async () => {
    const { tenantId, clientId } = client;
    const expired = await api.dependencies.tokens.issue(
      { tenantId, clientId, scopes: ['webhooks:read', 'webhooks:write'] },
      new Date(Date.now() - 2 * 3600_000),
    );
    const notEntitled = await api.newClient({ scopes: ['events:publish'], tenantId });
    const reader = await api.newClient({ scopes: ['webhooks:read'], tenantId });
    const { id } = await register();
    const requests: [string, string][] = [
      ['POST', ''],
      ['GET', ''],
      ['DELETE', `/${id}`],
    ];
    for (const token of ['', 'nonsense', expired.accessToken, `${client.token}x`, notEntitled.token]) {
      for (const [method, path] of requests) {
        const answer = await call(method, path, method === 'POST' ? sample : undefined, token);
        expect([method, answer.status, answer.text]).toEqual([method, 401, notAllowed]);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
      }
    }
    expect((await call('GET', '', undefined, reader.token)).status).toBe(200);
    expect((await call('POST', '', sample, reader.token)).text).toBe(notAllowed);
    expect((await call('DELETE', `/${id}`, undefined, reader.token)).text).toBe(notAllowed);
    expect((await call('DELETE', `/${id}`)).status).toBe(204);
  });
});

describe('list and delete', () => {
  it('list what was registered, newest first, of this contract only', async () => {
    const own = await api.newClient();
    const records: Shown[] = [];
    for (const more of [{}, authenticated, { type: 'PAYMENT' }]) records.unshift(await register(more, own.token));
    await api.call('POST', '/api/notifications/v1/webhooks', {
      token: own.token,
      body: { targetURL: 'https://example.com' },
    });
    const all = await call('GET', '', undefined, own.token);
    expect([all.status, all.json]).toEqual([200, { data: records, nextCursor: null }]);
    expect(all.text).not.toContain('canary');
    const page = (await call('GET', '?limit=2', undefined, own.token)).json as { data: Shown[]; nextCursor: string };
    expect(page.data).toEqual(records.slice(0, 2));
    const rest = await call('GET', `?cursor=${page.nextCursor}`, undefined, own.token);
    expect(rest.json).toEqual({ data: records.slice(2), nextCursor: null });

    const removed = await call('DELETE', `/${records[0]?.id}`, undefined, own.token);
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await call('GET', '', undefined, own.token)).json).toEqual({ data: records.slice(1), nextCursor: null });
  });

  it.each(['limit=0', 'limit=251', 'cursor=x', 'type=DATA'])('list answers 400 for ?%s', async (query) => {
    const answer = await call('GET', `?${query}`);
    expectError(answer, 400, 'invalid_request');
    expect(answer.json).toMatchObject({ details: [{ field: query.split('=')[0] }] });
  });

  it('a foreign, native, malformed or removed id is answered like an unknown one', async () => {
    const { id: theirs } = await register({}, stranger.token);
    const { id: gone } = await register();
    await call('DELETE', `/${gone}`);
    const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
    const native = (await api.call('POST', '/api/v1/webhooks', { token: client.token, body })).json as Shown;
    for (const id of ['0198c0de-0000-7000-8000-000000000001', theirs, gone, native.id, 'malformed', '%00', 'a%2Fb']) {
      const answer = await call('DELETE', `/${id}`);
      expect([id, answer.status, answer.text]).toEqual([
        id,
        404,
        '{"error":"not_found","message":"There is nothing here."}',
      ]);
    }
    expect((await call('DELETE', `/${theirs}`, undefined, stranger.token)).status).toBe(204);
  });

  it("list nothing of another tenant's", async () => {
    const fresh = await api.newClient();
    await register();
    expect((await call('GET', '', undefined, fresh.token)).json).toEqual({ data: [], nextCursor: null });
  });
});

describe('consent events', () => {
  const consent = { consentId: 'urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f', status: 'AUTHORISED' };

  it.each(consentEvents)('%s goes to the registrations of its type only', async (type) => {
    const own = await api.newClient();
    const [data, payment] = [await register({}, own.token), await register({ type: 'PAYMENT' }, own.token)];
    const publish = async (payload: object, more: object = {}) =>
      (
        (await api.call('POST', '/api/v1/events', { token: own.token, body: { type, payload, ...more } })).json as {
          deliveries: { webhookId: string }[];
        }
      ).deliveries.map(({ webhookId }) => webhookId);
    expect(await publish({ ...consent, type: 'DATA' })).toEqual([data.id]);
    expect(await publish({ ...consent, type: 'PAYMENT' })).toEqual([payment.id]);
    expect(await publish({ ...consent, type: 'DATA', more: 1 })).toEqual([data.id]);
    expect(await publish({ ...consent, type: 'PAYMENT' }, { webhookId: data.id })).toEqual([]);
  });

  it.each<[object, string]>([
    [{ status: 'AUTHORISED', type: 'DATA' }, '/payload/consentId'],
    [{ ...consent }, '/payload/type'],
    [{ ...consent, type: 'CREDIT' }, '/payload/type'],
    [{ consentId: 'x', type: 'DATA' }, '/payload/status'],
    [{ ...consent, type: 'DATA', status: 'approved' }, '/payload/status'],
    [{ ...consent, type: 'DATA', expiresAt: 'soon' }, '/payload/expiresAt'],
  ])('with the payload %j are refused', async (payload, pointer) => {
    const answer = await api.call('POST', '/api/v1/events', {
      token: client.token,
      body: { type: 'consent:approved', payload },
    });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ errors: [{ pointer }] });
  });

  it.each(['consent : approved', 'consent:revoked', 'before : consent : create'])('are not named %j', async (type) => {
    const body = { type, payload: { ...consent, type: 'DATA' } };
    expect((await api.call('POST', '/api/v1/events', { token: client.token, body })).status).not.toBe(202);
  });
});

describe('the native API', () => {
  it('shows, changes and removes interceptors', async () => {
    const { id } = await register(authenticated);
    const native = (method: string, path = '', body?: unknown) =>
      api.call(method, `/api/v1/webhooks/${id}${path}`, { token: client.token, ...(body !== undefined && { body }) });
    const shown = await native('GET');
    expect(shown.json).toMatchObject({
      contract: 'celcoin',
      targetUrl: sample.endpoint,
      events: ['*'],
      disabled: false,
      authType: 'basic',
      maxRetries: 3,
    });
    expect(shown.text).not.toMatch(/canary|whsec_/);
    expect((await native('PATCH', '', { disabled: true, headers: { 'X-Team': 'a' } })).json).toMatchObject({
      disabled: true,
    });
    // Changes keep what only this contract knows.
    expect(((await call('GET')).json as { data: object[] }).data).toContainEqual(
      expect.objectContaining({ id, type: 'DATA', isAuthenticated: true, user: 'USER' }),
    );
    expect((await native('PATCH', '', { events: ['consent:approved'] })).json).toMatchObject({
      events: ['consent:approved'],
    });
    expect((await native('PATCH', '', { events: ['consent:*'] })).json).toMatchObject({ events: ['consent:*'] });
    expect((await native('PATCH', '', { events: ['purchase.failed'] })).status).toBe(400);
    expect((await native('PATCH', '', { events: ['purchase.*'] })).status).toBe(400);
    expect((await native('POST', '/secret/rotate')).json).toMatchObject({
      secret: expect.stringMatching(/^whsec_/) as string,
    });
    expect((await native('DELETE')).status).toBe(204);
    expect((await call('DELETE', `/${id}`)).status).toBe(404);
  });

  it.each(['DATA', 'PAYMENT'])('sends an interceptor for %s a sample that it wants', async (type) => {
    const { token } = client;
    const { id } = await register({ type });
    const tested = await api.call('POST', `/api/v1/webhooks/${id}/test`, { token });
    expect([tested.status, tested.json]).toMatchObject([202, { webhookId: id, eventType: 'before:consent:create' }]);
    const { eventId } = tested.json as { eventId: string };
    const event = await api.call('GET', `/api/v1/events/${eventId}`, { token });
    expect(event.json).toMatchObject({ payload: { type, status: 'REQUESTED' } });
  });
});

describe('hygiene', () => {
  it.each<[string, number, string, object]>([
    ['another content type', 415, 'unsupported_media_type', { headers: { 'Content-Type': 'text/plain' } }],
    ['no JSON', 400, 'invalid_request', { body: '{' }],
    ['a list', 400, 'invalid_request', { body: '[]' }],
    [
      'a key twice',
      400,
      'invalid_request',
      { body: '{"type":"DATA","type":"PAYMENT","endpoint":"https://a.example"}' },
    ],
    ['bytes that are no UTF-8', 400, 'invalid_request', { body: Buffer.from([0x22, 0xc3, 0x28, 0x22]) }],
    ['no body', 400, 'invalid_request', { body: undefined }],
    ['a long body', 413, 'payload_too_large', { body: `"${'x'.repeat(300_000)}"` }],
  ])('answers %s in its own format', async (_what, status, error, options) => {
    expectError(await api.call('POST', base, { token: client.token, body: sample, ...options }), status, error);
  });

  it.each([
    ['PUT', '', 'GET, HEAD, POST, OPTIONS'],
    ['GET', '/0198c0de-0000-7000-8000-000000000001', 'DELETE, OPTIONS'],
  ])('answers 405 for %s %s and names what there is', async (method, path, allow) => {
    const answer = await call(method, path);
    expectError(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it('keeps its format to its own paths', async () => {
    expectError(await call('GET', '/a/b'), 404, 'not_found');
    expect((await api.call('GET', '/api/smart-keys')).json).toMatchObject({ type: '/problems/not-found' });
  });

  it('has left no secret in the log, the audit or the tables', async () => {
    const rows = await api.database('webhooks').where({ tenant_id: client.tenantId });
    const audit = await api.database('audit').where({ tenant_id: client.tenantId });
    const secrets = await api.database('webhook_secrets').where({ tenant_id: client.tenantId });
    expect(secrets.some(({ field }) => field === 'auth')).toBe(true);
    expect(JSON.stringify([rows, audit, secrets, api.logged])).not.toContain('canary');
  });
});
