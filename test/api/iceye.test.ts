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
  updatedAt: string;
  status: string;
}

const base = '/api/notifications/v1/webhooks';
const call = (method: string, path = '', body?: unknown, token = client.token) =>
  api.call(method, base + path, {
    token,
    headers: { Accept: 'application/json, application/problem+json', 'X-Request-Id': 'same' },
    ...(body !== undefined && { body }),
  });
const minimal = { targetURL: 'https://example.com' };
const register = async (more: object = {}, token = client.token) =>
  (await call('POST', '', { ...minimal, ...more }, token)).json as Shown;
const basic = { type: 'basic', username: 'USERNAME', password: 'canary-password' };
const oauth = {
  type: 'client_credential',
  clientID: 'CLIENT',
  clientSecret: 'canary-secret',
  tokenURL: 'https://auth.example.com/token?realm=x',
};
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;
const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

function expectProblem(answer: Answer, status: number, more: object = {}) {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.json).toMatchObject({
    type: expect.stringMatching(/^\/problems\//) as string,
    title: expect.any(String) as string,
    detail: expect.any(String) as string,
    status,
    ...more,
  });
}

describe('register', () => {
  it.each<[string, object, object]>([
    ['basic', { auth: basic }, { type: 'basic', username: 'USERNAME' }],
    [
      'client credentials',
      { auth: oauth },
      { type: 'client_credential', clientID: 'CLIENT', tokenURL: oauth.tokenURL },
    ],
    ['noauth', { auth: { type: 'noauth' } }, { type: 'noauth' }],
    ['no auth', {}, { type: 'noauth' }],
    ['null for auth', { auth: null }, { type: 'noauth' }],
  ])('answers 200 with the record for %s, without a secret, to the key', async (_what, more, auth) => {
    const answer = await call('POST', '', { ...minimal, ...more });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.json).toEqual({
      id: uuid,
      createdAt: timestamp,
      updatedAt: timestamp,
      targetURL: 'https://example.com',
      auth,
      status: 'active',
    });
    expect(answer.text).not.toMatch(/canary|whsec_/);
    const { createdAt, updatedAt } = answer.json as Shown;
    expect(updatedAt).toBe(createdAt);
  });

  it.each([
    ['https://example.com/notify?a=b', 'https://example.com/notify?a=b'],
    ['HTTPS://Example.COM:443/A/../b', 'https://example.com/b'],
    ['https://münchen.example/ä', 'https://xn--mnchen-3ya.example/%C3%A4'],
    ['http://localhost:9010/allowed', 'http://localhost:9010/allowed'],
  ])('takes the target %s as %s', async (targetURL, normalised) => {
    expect(await register({ targetURL })).toMatchObject({ targetURL: normalised });
  });

  it.each([
    'http://example.com',
    'https:example.com',
    'https://1.1.1.1',
    'https://0x7f.1',
    'https://example.com#',
    'https://user:pw@example.com',
    'https://localhost',
    'https://example.com:22',
    'example.com',
  ])('answers 400 for the target %j', async (targetURL) => {
    const answer = await call('POST', '', { targetURL });
    expectProblem(answer, 400, { errors: [{ pointer: '/targetURL', message: expect.any(String) as string }] });
  });

  it('judges the token URL as the target', async () => {
    for (const tokenURL of ['http://auth.example.com/token', 'https://169.254.169.254/token', '']) {
      const answer = await call('POST', '', { ...minimal, auth: { ...oauth, tokenURL } });
      expectProblem(answer, 400, { errors: [{ pointer: '/auth/tokenURL' }] });
      expect(answer.text).not.toContain('canary');
    }
  });

  it.each<[string, object, string]>([
    ['no target', {}, '/targetURL'],
    ['a number for the target', { targetURL: 1 }, '/targetURL'],
    ['an empty target', { targetURL: '' }, '/targetURL'],
    ['an auth without a type', { ...minimal, auth: {} }, '/auth/type'],
    ['an unknown type of auth', { ...minimal, auth: { type: 'client_credentials' } }, '/auth/type'],
    ['another case of a type', { ...minimal, auth: { type: 'Basic', username: 'u', password: 'p' } }, '/auth/type'],
    ['a text for auth', { ...minimal, auth: 'basic' }, '/auth'],
    ['a password with noauth', { ...minimal, auth: { type: 'noauth', password: 'canary' } }, '/auth/password'],
    ['basic without a user name', { ...minimal, auth: { type: 'basic', password: 'canary' } }, '/auth/username'],
    ['basic without a password', { ...minimal, auth: { type: 'basic', username: 'u' } }, '/auth/password'],
    ['an empty password', { ...minimal, auth: { ...basic, password: '' } }, '/auth/password'],
    ['a colon in the user name', { ...minimal, auth: { ...basic, username: 'a:b' } }, '/auth/username'],
    ['a line break in the password', { ...minimal, auth: { ...basic, password: 'a\r\nb' } }, '/auth/password'],
    ['basic with a client secret', { ...minimal, auth: { ...basic, clientSecret: 'canary' } }, '/auth/clientSecret'],
    ['client credentials with a password', { ...minimal, auth: { ...oauth, password: 'canary' } }, '/auth/password'],
    [
      'client credentials without a token URL',
      { ...minimal, auth: { type: 'client_credential', clientID: 'c', clientSecret: 'canary' } },
      '/auth/tokenURL',
    ],
    [
      'other spellings of the keys',
      {
        ...minimal,
        auth: { type: 'client_credential', clientId: 'c', clientSecret: 'canary', tokenUrl: 'https://a.example' },
      },
      '/auth/clientID',
    ],
    ['an unknown key', { ...minimal, events: ['purchase.delivered'] }, '/events'],
    ['what the server decides', { ...minimal, id: 'x', status: 'deactivated' }, '/id'],
  ])('answers 400 for %s, and says where', async (_what, body, pointer) => {
    const answer = await call('POST', '', body);
    expectProblem(answer, 400);
    const { errors } = answer.json as { errors: { pointer: string }[] };
    expect(errors.map((error) => error.pointer)).toContain(pointer);
    expect(answer.text).not.toContain('canary');
  });
});

describe('read and list', () => {
  it('answer the record as it was registered', async () => {
    const registered = await register({ auth: basic });
    const read = await call('GET', `/${registered.id}`);
    expect([read.status, read.json]).toEqual([200, registered]);
    expect(((await call('GET')).json as { data: object[] }).data[0]).toEqual(registered);
  });

  it('list pages of 50 unless said otherwise, newest first, of this contract only', async () => {
    const own = await api.newClient();
    const records: Shown[] = [];
    for (let n = 0; n < 3; n += 1) records.unshift(await register({}, own.token));
    await api.call('POST', '/api/v1/webhooks', {
      token: own.token,
      body: { targetUrl: 'https://example.com', events: ['everhook.test'] },
    });
    const all = await call('GET', '', undefined, own.token);
    expect([all.status, all.json]).toEqual([200, { data: records, nextCursor: null }]);
    const page = (await call('GET', '?limit=2', undefined, own.token)).json as { data: Shown[]; nextCursor: string };
    expect(page.data).toEqual(records.slice(0, 2));
    const rest = await call('GET', `?limit=250&cursor=${page.nextCursor}`, undefined, own.token);
    expect(rest.json).toEqual({ data: records.slice(2), nextCursor: null });
  });

  it.each(['limit=0', 'limit=251', 'cursor=x', 'page=2'])('answer 400 for ?%s', async (query) => {
    expectProblem(await call('GET', `?${query}`), 400, { errors: [{ pointer: `/${query.split('=')[0]}` }] });
  });
});

describe('deactivate and activate', () => {
  it('answer 200 with the record as it is now, and again without changing it', async () => {
    const { id, ...registered } = await register({ auth: oauth });
    const steps = [
      ['deactivate', 'deactivated'],
      ['activate', 'active'],
    ] as const;
    for (const [step, status] of steps) {
      const first = await call('POST', `/${id}/${step}`);
      expect(first.status).toBe(200);
      expect(first.json).toEqual({ ...registered, id, status, updatedAt: timestamp });
      const second = await call('POST', `/${id}/${step}`, {});
      expect([second.status, second.json]).toEqual([200, first.json]);
      expect((await call('GET', `/${id}`)).json).toEqual(first.json);
    }
    const { data } = (await api.call('GET', '/api/v1/audit?action=webhook.update', { token: client.token })).json as {
      data: { objectId: string; fields: string[] }[];
    };
    const entries = data.filter(({ objectId }) => objectId === id);
    expect(entries.map(({ fields }) => fields)).toEqual([['disabled'], ['disabled']]);
  });

  it('take no body but an empty one', async () => {
    const { id } = await register();
    expectProblem(await call('POST', `/${id}/deactivate`, { status: 'active' }), 400);
    expectProblem(await call('POST', `/${id}/deactivate`, '[]'), 400);
  });
});

describe('events', () => {
  /** The webhooks that an event goes to. */
  const publish = async (event: object, token = client.token) => {
    const answer = await api.call('POST', '/api/v1/events', { token, body: event });
    return (answer.json as { deliveries: { webhookId: string }[] }).deliveries.map(({ webhookId }) => webhookId);
  };
  const purchase = { type: 'purchase.delivered', payload: { purchaseId: 'p-1', status: 'closed' } };

  it('published with a webhookId go to that webhook only, without to every active one', async () => {
    const own = await api.newClient();
    const [one, other, off] = [
      await register({}, own.token),
      await register({}, own.token),
      await register({}, own.token),
    ];
    await call('POST', `/${off.id}/deactivate`, undefined, own.token);
    expect(await publish({ ...purchase, webhookId: one.id }, own.token)).toEqual([one.id]);
    expect(await publish({ ...purchase, webhookId: off.id }, own.token)).toEqual([]);
    expect((await publish(purchase, own.token)).sort()).toEqual([one.id, other.id].sort());
    expect(
      await publish({ type: 'purchase.failed', payload: { purchaseId: 'p', status: 'failed' } }, own.token),
    ).toHaveLength(2);
    expect(await publish({ type: 'everhook.test', payload: {} }, own.token)).toEqual([]);
  });

  it("can not be addressed to another tenant's webhook", async () => {
    const theirs = await register({}, stranger.token);
    const answer = await api.call('POST', '/api/v1/events', {
      token: client.token,
      body: { ...purchase, webhookId: theirs.id },
    });
    expectProblem(answer, 422, { errors: [{ pointer: '/webhookId', message: 'is not a webhook' }] });
  });

  it.each([
    [{}, ['/payload/purchaseId']],
    [{ purchaseId: 'p' }, ['/payload/status']],
    [{ purchaseId: 1, status: 'closed' }, ['/payload/purchaseId']],
    [{ purchaseId: '', status: 'closed' }, ['/payload/purchaseId']],
  ])('need purchaseId and status: %j', async (payload, pointers) => {
    const body = { type: 'purchase.delivered', payload };
    const answer = await api.call('POST', '/api/v1/events', { token: client.token, body });
    expectProblem(answer, 422);
    const { errors } = answer.json as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('may have further keys', async () => {
    const { id } = await register();
    const payload = { ...purchase.payload, products: [{ id: 1 }] };
    expect(await publish({ ...purchase, payload, webhookId: id })).toEqual([id]);
  });
});

describe('the native API', () => {
  const native = (method: string, path: string, body?: unknown) =>
    api.call(method, `/api/v1/webhooks${path}`, { token: client.token, ...(body !== undefined && { body }) });

  it('shows, changes and removes these webhooks', async () => {
    const { id } = await register({ auth: oauth });
    const shown = await native('GET', `/${id}`);
    expect(shown.json).toMatchObject({
      id,
      contract: 'iceye',
      targetUrl: 'https://example.com',
      events: ['*'],
      disabled: false,
      authType: 'client_credential',
      timeoutMs: 3000,
      maxRetries: 3,
    });
    expect(shown.text).not.toMatch(/canary|whsec_/);
    expect((await native('PATCH', `/${id}`, { disabled: true, maxRetries: 10 })).status).toBe(200);
    expect((await call('GET', `/${id}`)).json).toMatchObject({ status: 'deactivated' });
    expect((await native('PATCH', `/${id}`, { events: ['purchase.failed'] })).json).toMatchObject({
      events: ['purchase.failed'],
    });
    expect((await native('PATCH', `/${id}`, { events: ['purchase.*'] })).json).toMatchObject({
      events: ['purchase.*'],
    });
    expect((await native('PATCH', `/${id}`, { events: ['invoice.*'] })).status).toBe(400);
    expect((await native('PATCH', `/${id}`, { timeoutMs: 3001 })).status).toBe(400);
    expect((await native('PATCH', `/${id}`, { events: ['everhook.test'] })).status).toBe(400);
    expect((await native('POST', `/${id}/secret/rotate`)).json).toMatchObject({
      secret: expect.stringMatching(/^whsec_/) as string,
    });
    const list = (await native('GET', '?contract=iceye')).json as { data: { contract: string }[] };
    expect(new Set(list.data.map(({ contract }) => contract))).toEqual(new Set(['iceye']));
    expect((await native('DELETE', `/${id}`)).status).toBe(204);
    expect((await call('GET', `/${id}`)).status).toBe(404);
  });

  it('sends these webhooks a sample of what they get', async () => {
    const { id } = await register();
    const tested = await native('POST', `/${id}/test`);
    expect([tested.status, tested.json]).toMatchObject([202, { webhookId: id, eventType: 'purchase.delivered' }]);
    await native('PATCH', `/${id}`, { events: ['purchase.failed'] });
    expect((await native('POST', `/${id}/test`)).json).toMatchObject({ eventType: 'purchase.failed' });
    await call('POST', `/${id}/deactivate`);
    expect((await native('POST', `/${id}/test`)).status).toBe(409);
  });
});

describe('an id', () => {
  it.each<[string, string, object?]>([
    ['GET', '/ID'],
    ['DELETE', '/ID'],
    ['POST', '/ID/deactivate'],
    ['POST', '/ID/activate'],
  ])(
    'that is foreign, of another contract, malformed or gone is answered like an unknown one: %s %s',
    async (method, path) => {
      const { id: theirs } = await register({}, stranger.token);
      const { id: gone } = await register();
      expect((await call('DELETE', `/${gone}`)).text).toBe('');
      const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
      const native = (await api.call('POST', '/api/v1/webhooks', { token: client.token, body })).json as Shown;
      const reference = await call(method, path.replace('ID', '0198c0de-0000-7000-8000-000000000001'));
      expectProblem(reference, 404);
      for (const id of [theirs, gone, native.id, 'malformed', '%00', 'a%2Fb', 'x'.repeat(300)]) {
        const answer = await call(method, path.replace('ID', id));
        expect([id, answer.status, answer.text]).toEqual([id, 404, reference.text]);
      }
      expect((await call('GET', `/${theirs}`, undefined, stranger.token)).json).toMatchObject({ status: 'active' });
    },
  );

  it('is taken in any case', async () => {
    const registered = await register();
    expect((await call('GET', `/${registered.id.toUpperCase()}`)).json).toEqual(registered);
  });
});

describe('hygiene', () => {
  it("lists nothing of another tenant's", async () => {
    const fresh = await api.newClient();
    await register();
    expect((await call('GET', '', undefined, fresh.token)).json).toEqual({ data: [], nextCursor: null });
  });

  it.each([
    ['no token', 401, { token: '' }],
    ['another content type', 415, { headers: { 'Content-Type': 'text/plain' } }],
    ['no JSON', 400, { body: '{' }],
    ['a list', 400, { body: '[]' }],
    ['a key twice', 400, { body: '{"targetURL":"https://a.example","targetURL":"https://b.example"}' }],
    ['no body', 400, { body: undefined }],
    ['a long body', 413, { body: `"${'x'.repeat(300_000)}"` }],
  ])('answers %s with a problem', async (_what, status, options) => {
    expectProblem(await api.call('POST', base, { token: client.token, body: minimal, ...options }), status);
  });

  it('needs the scopes of webhooks', async () => {
    const reader = await api.newClient({ scopes: ['webhooks:read'], tenantId: client.tenantId });
    const other = await api.newClient({ scopes: ['events:publish'], tenantId: client.tenantId });
    const { id } = await register();
    expect((await call('GET', `/${id}`, undefined, reader.token)).status).toBe(200);
    expectProblem(await call('POST', '', minimal, reader.token), 403);
    expectProblem(await call('POST', `/${id}/deactivate`, undefined, reader.token), 403);
    expectProblem(await call('DELETE', `/${id}`, undefined, reader.token), 403);
    expectProblem(await call('GET', '', undefined, other.token), 403);
    expectProblem(await call('GET', `/${id}`, undefined, other.token), 403);
  });

  it.each([
    ['PUT', '', 'GET, HEAD, POST, OPTIONS'],
    ['PATCH', '/0198c0de-0000-7000-8000-000000000001', 'DELETE, GET, HEAD, OPTIONS'],
    ['GET', '/0198c0de-0000-7000-8000-000000000001/deactivate', 'POST, OPTIONS'],
  ])('answers 405 for %s %s and names what there is', async (method, path, allow) => {
    const answer = await call(method, path);
    expectProblem(answer, 405);
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it('has left no secret in the log, the audit or the tables', async () => {
    const rows = await api.database('webhooks').where({ tenant_id: client.tenantId });
    const audit = await api.database('audit').where({ tenant_id: client.tenantId });
    const secrets = await api.database('webhook_secrets').where({ tenant_id: client.tenantId });
    expect(secrets.length).toBeGreaterThan(0);
    expect(JSON.stringify([rows, audit, secrets, api.logged])).not.toContain('canary');
  });
});
